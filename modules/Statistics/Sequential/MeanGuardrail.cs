namespace Delivery.Statistics;

/// <summary>A continuous non-inferiority test on means, proportions and ratios, by one-sided asymptotic confidence sequences.</summary>
/// <remarks>
/// Bounds: Waudby-Smith et al., arXiv:2103.06476v7, eq. 134, on Δ in the direction of harm; burn-in as in
/// <see cref="AsymptoticConfidenceSequence"/>. Deterioration and non-inferiority are read from the same pair of bounds, so they never
/// contradict each other.
/// </remarks>
public static class MeanGuardrail
{
    /// <summary>Compares the canary with the stable arm.</summary>
    public static GuardrailVerdict Judge(ArmEstimate stable, ArmEstimate canary, GuardrailDesign design)
    {
        if (design.Alpha is not (> 0 and < 0.5) || !(design.PlannedUnits > 0) || !double.IsFinite(design.PlannedUnits)
            || !(design.Margin.Tolerated >= 0) || !double.IsFinite(design.Margin.Tolerated))
            return new GuardrailVerdict.NoData(NoEstimateReason.InvalidDesign);
        var effect = design.Margin is Margin.Relative ? Effects.Relative(stable, canary) : Effects.Absolute(stable, canary);
        if (effect is Effect.NoEstimate none) return new GuardrailVerdict.NoData(none.Reason);
        var (estimate, s, c) = ((Effect.Estimate)effect, (ArmEstimate.Measured)stable, (ArmEstimate.Measured)canary);
        if (InBurnIn(s) || InBurnIn(c)) return new GuardrailVerdict.NoData(NoEstimateReason.TooFewUnits);

        // A relative effect on a negative baseline grows in the other direction than the value itself.
        var towardsHarm = design.Direction == HarmDirection.HigherIsWorse ? 1 : -1;
        if (design.Margin is Margin.Relative && s.Mean < 0) towardsHarm = -towardsHarm;
        var harm = towardsHarm * estimate.Difference;
        var width = AsymptoticConfidenceSequence.OneSidedWidth(estimate.StandardError, estimate.Units, design.Alpha, design.PlannedUnits);
        return GuardrailVerdict.Read(new GuardrailEvidence(
            Reading(s, design), Reading(c, design), new Interval(harm - width, harm + width), design.Margin.Tolerated));
    }

    internal static bool InBurnIn(ArmEstimate.Measured arm) =>
        arm.Units < AsymptoticConfidenceSequence.BurnInUnits || arm.Events < AsymptoticConfidenceSequence.BurnInEvents;

    private static ArmReading Reading(ArmEstimate.Measured arm, GuardrailDesign design)
    {
        var half = AsymptoticConfidenceSequence.HalfWidth(Math.Sqrt(arm.VarianceOfMean), arm.Units, design.Alpha, design.PlannedUnits);
        return new ArmReading(arm.Mean, new Interval(arm.Mean - half, arm.Mean + half));
    }
}
