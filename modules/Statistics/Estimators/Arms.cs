namespace Delivery.Statistics;

/// <summary>Estimates of one arm from its sums.</summary>
/// <remarks>
/// These take doubles, for callers outside. Sums of large, nearly equal values cancel in doubles: the platform's own path is
/// <see cref="MomentEstimates"/>, which subtracts in Int128 first.
/// </remarks>
public static class Arms
{
    /// <summary>Mean, and sample variance with n − 1.</summary>
    public static ArmEstimate Mean(SampleSums sums)
    {
        if (Refusal(sums) is { } reason) return new ArmEstimate.Unmeasured(reason);
        return ArmEstimate.Checked(sums.N, sums.Sum / sums.N, CentralSum(sums.N, sums.Sum, sums.Sum, sums.SumSquares) / (sums.N - 1));
    }

    /// <summary>Proportion p, with variance p(1 − p): the maximum-likelihood form without n/(n − 1), as in the golden files.</summary>
    public static ArmEstimate Proportion(ProportionSums sums)
    {
        if (!double.IsFinite(sums.Sum)) return new ArmEstimate.Unmeasured(NoEstimateReason.NotFinite);
        if (sums.Sum < 0 || sums.Sum > sums.N) return new ArmEstimate.Unmeasured(NoEstimateReason.InconsistentSums);
        var p = sums.Sum / sums.N;
        return ArmEstimate.Checked(sums.N, p, p * (1 - p), (long)Math.Min(sums.Sum, sums.N - sums.Sum));
    }

    /// <summary>R = m̄/d̄ with Var = [s_m² − 2R·s_md + R²·s_d²]/d̄² per unit.</summary>
    /// <remarks>
    /// A. Deng, U. Knoblich, J. Lu 2018, arXiv:1803.06336v4, section 3 (delta method). Units are independent; the ratio's numerator and
    /// denominator need not be.
    /// </remarks>
    public static ArmEstimate Ratio(RatioSums sums)
    {
        if (sums.M.N != sums.D.N) return new ArmEstimate.Unmeasured(NoEstimateReason.InconsistentSums);
        if ((Refusal(sums.M) ?? Refusal(sums.D)) is { } reason) return new ArmEstimate.Unmeasured(reason);
        if (!double.IsFinite(sums.Md)) return new ArmEstimate.Unmeasured(NoEstimateReason.NotFinite);
        var n = sums.M.N;
        return Ratio(
            n, sums.M.Sum / n, sums.D.Sum / n,
            CentralSum(n, sums.M.Sum, sums.M.Sum, sums.M.SumSquares) / (n - 1),
            CentralSum(n, sums.M.Sum, sums.D.Sum, sums.Md) / (n - 1),
            CentralSum(n, sums.D.Sum, sums.D.Sum, sums.D.SumSquares) / (n - 1));
    }

    internal static ArmEstimate Ratio(long n, double m, double d, double varianceM, double covariance, double varianceD)
    {
        if (d == 0) return new ArmEstimate.Unmeasured(NoEstimateReason.ZeroDenominator);
        var ratio = m / d;
        return ArmEstimate.Checked(n, ratio, NotBelowRounding(
            varianceM - 2 * ratio * covariance + ratio * ratio * varianceD, varianceM + ratio * ratio * varianceD) / (d * d));
    }

    /// <summary>Σxy − ΣxΣy/n, with a result below the rounding error of its terms read as 0.</summary>
    internal static double CentralSum(long n, double sumX, double sumY, double sumXy)
    {
        var product = sumX / n * sumY;
        return NotBelowRounding(sumXy - product, Math.Abs(sumXy) + Math.Abs(product));
    }

    internal static NoEstimateReason? Refusal(SampleSums sums)
    {
        if (sums.N <= 0) return sums.N < 0 ? NoEstimateReason.InconsistentSums : NoEstimateReason.NoData;
        if (sums.N < 2) return NoEstimateReason.TooFewUnits;
        return double.IsFinite(sums.Sum) && double.IsFinite(sums.SumSquares) ? null : NoEstimateReason.NotFinite;
    }

    /// <summary>A difference no larger than the rounding error of its terms is 0: it must not become a variance of 1e-17.</summary>
    private static double NotBelowRounding(double value, double terms) => Math.Abs(value) <= 1e-15 * terms ? 0 : value;
}
