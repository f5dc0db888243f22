namespace Delivery.Statistics;

/// <summary>Absolute and relative effects from two arms.</summary>
public static class Effects
{
    /// <summary>Two-sided level of the baseline's interval that decides whether a relative effect may be shown.</summary>
    private const double BaselineNormalQuantile = 1.959963984540054;

    /// <summary>Δ = x̄_T − x̄_C, SE² = s_T²/n_T + s_C²/n_C.</summary>
    /// <remarks>B. L. Welch 1947; df = SE⁴ / Σ[(s²/n)²/(n − 1)]. Units are independent of each other; arms too.</remarks>
    public static Effect Absolute(ArmEstimate baseline, ArmEstimate treatment)
    {
        if (Pair(baseline, treatment, out var c, out var t) is { } reason) return new Effect.NoEstimate(reason);
        var variance = c.VarianceOfMean + t.VarianceOfMean;
        return Effect.Checked(t.Mean - c.Mean, variance, WelchDegreesOfFreedom(c, t), c.Units + t.Units);
    }

    /// <summary>Δ% = x̄_T/x̄_C − 1 as a fraction of the baseline.</summary>
    /// <remarks>
    /// Delta method: Var = s_T²/(n_T·x̄_C²) + s_C²·x̄_T²/(n_C·x̄_C⁴). A. Deng, U. Knoblich, J. Lu 2018, arXiv:1803.06336v4, section 2.2
    /// Suppressed when the baseline's 95 % interval covers 0: the linearisation has no meaning there.
    /// </remarks>
    public static Effect Relative(ArmEstimate baseline, ArmEstimate treatment)
    {
        if (Pair(baseline, treatment, out var c, out var t) is { } reason) return new Effect.NoEstimate(reason);
        if (!AwayFromZero(c)) return new Effect.NoEstimate(NoEstimateReason.BaselineNotAwayFromZero);
        var ratio = t.Mean / c.Mean;
        var variance = (t.VarianceOfMean + c.VarianceOfMean * ratio * ratio) / (c.Mean * c.Mean);
        return Effect.Checked((t.Mean - c.Mean) / c.Mean, variance, WelchDegreesOfFreedom(c, t), c.Units + t.Units);
    }

    internal static bool AwayFromZero(ArmEstimate.Measured arm) =>
        Math.Abs(arm.Mean) > BaselineNormalQuantile * Math.Sqrt(arm.VarianceOfMean);

    internal static double WelchDegreesOfFreedom(ArmEstimate.Measured c, ArmEstimate.Measured t)
    {
        // Scaled by the larger term, so that tiny variances don't underflow when squared.
        var scale = Math.Max(c.VarianceOfMean, t.VarianceOfMean);
        var x = c.VarianceOfMean / scale;
        var y = t.VarianceOfMean / scale;
        return scale == 0 ? c.Units + t.Units - 2.0 : (x + y) * (x + y) / (x * x / (c.Units - 1) + y * y / (t.Units - 1));
    }

    private static NoEstimateReason? Pair(
        ArmEstimate baseline, ArmEstimate treatment, out ArmEstimate.Measured c, out ArmEstimate.Measured t)
    {
        c = t = null!;
        if (baseline is ArmEstimate.Unmeasured noBaseline) return noBaseline.Reason;
        if (treatment is ArmEstimate.Unmeasured noTreatment) return noTreatment.Reason;
        (c, t) = ((ArmEstimate.Measured)baseline, (ArmEstimate.Measured)treatment);
        return null;
    }
}
