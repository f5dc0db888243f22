namespace Delivery.Statistics;

/// <summary>One stratum of a ramp: the units first exposed during one allocation epoch.</summary>
/// <param name="Baseline">Baseline arm.</param>
/// <param name="Treatment">Treatment arm.</param>
public sealed record Stratum(ArmEstimate Baseline, ArmEstimate Treatment);

/// <summary>The effect over a ramp whose shares changed over time.</summary>
/// <remarks>
/// Post-stratification: τ̂ = Σ w_k·Δ_k, Var = Σ w_k²·SE_k², w_k = (n_Tk + n_Ck)/n, the stratum's share of all units (L. Miratrix,
/// J. Sekhon, B. Yu, JRSS B 75, 2013, eq. 2). A unit keeps the epoch of its first exposure. The pooled difference is not offered: when the
/// baseline drifts while the share rises it rejects a true null almost surely (Simpson's paradox).
/// </remarks>
public static class StratifiedEffect
{
    /// <summary>
    /// Absolute effect. A stratum in which an arm has fewer than two units carries no comparison and is left out, with its weight;
    /// <see cref="Effect.Estimate.Units"/> counts the units that were used.
    /// </summary>
    public static Effect Absolute(IReadOnlyList<Stratum> strata) => Combine(strata, out _, out _);

    /// <summary>The effect as a fraction of the equally weighted baseline, by the delta method.</summary>
    public static Effect Relative(IReadOnlyList<Stratum> strata)
    {
        if (Combine(strata, out var baseline, out var treatment) is not Effect.Estimate absolute)
            return Combine(strata, out _, out _);

        // Var(T/C − 1) = [Var(T) + (T/C)²·Var(C)]/C², with the weighted means and their variances.
        if (!(Math.Abs(baseline.Mean) > 1.959963984540054 * Math.Sqrt(baseline.Variance)))
            return new Effect.NoEstimate(NoEstimateReason.BaselineNotAwayFromZero);
        var ratio = treatment.Mean / baseline.Mean;
        return Effect.Checked(
            absolute.Difference / baseline.Mean,
            (treatment.Variance + ratio * ratio * baseline.Variance) / (baseline.Mean * baseline.Mean),
            absolute.DegreesOfFreedom, absolute.Units);
    }

    private static Effect Combine(IReadOnlyList<Stratum> strata, out (double Mean, double Variance) baseline, out (double Mean, double Variance) treatment)
    {
        baseline = treatment = default;
        var used = new List<(ArmEstimate.Measured C, ArmEstimate.Measured T)>();
        NoEstimateReason? refusal = null;
        foreach (var stratum in strata)
        {
            if (stratum is { Baseline: ArmEstimate.Measured c, Treatment: ArmEstimate.Measured t }) used.Add((c, t));
            else refusal ??= Refusal(stratum);
        }

        if (refusal is { } reason) return new Effect.NoEstimate(reason);
        if (used.Count == 0) return new Effect.NoEstimate(strata.Count == 0 ? NoEstimateReason.NoData : NoEstimateReason.TooFewUnits);

        double units = used.Sum(s => (double)s.C.Units + s.T.Units), satterthwaite = 0;
        foreach (var (c, t) in used)
        {
            var w = (c.Units + t.Units) / units;
            var (vc, vt) = (w * w * c.VarianceOfMean, w * w * t.VarianceOfMean);
            baseline = (baseline.Mean + w * c.Mean, baseline.Variance + vc);
            treatment = (treatment.Mean + w * t.Mean, treatment.Variance + vt);
            satterthwaite += vc * vc / (c.Units - 1) + vt * vt / (t.Units - 1);
        }

        var variance = baseline.Variance + treatment.Variance;
        var difference = used.Sum(s => (s.C.Units + s.T.Units) / units * (s.T.Mean - s.C.Mean));
        var df = satterthwaite > 0 ? variance * variance / satterthwaite : units - 2 * used.Count;
        return Effect.Checked(difference, variance, df, (long)units);
    }

    /// <summary>Why a stratum makes the whole estimate impossible: broken sums. Having hardly any units is no such reason.</summary>
    private static NoEstimateReason? Refusal(Stratum stratum)
    {
        foreach (var arm in new[] { stratum.Baseline, stratum.Treatment })
        {
            if (arm is ArmEstimate.Unmeasured { Reason: not (NoEstimateReason.NoData or NoEstimateReason.TooFewUnits) and var reason }) return reason;
        }

        return null;
    }
}
