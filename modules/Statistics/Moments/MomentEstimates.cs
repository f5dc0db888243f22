namespace Delivery.Statistics;

/// <summary>Estimates of one arm from exact moments.</summary>
/// <remarks>
/// n·Σxy − Σx·Σy is computed in integers of any size and divided last, so nothing cancels: on 1e9 + {0, 1} the variance is 0.25 and not 1.2e7.
/// </remarks>
public static class MomentEstimates
{
    private const double Square = (double)FixedPoint.Scale * FixedPoint.Scale;

    /// <summary>Mean of m_post, variance with n − 1.</summary>
    public static ArmEstimate Mean(Moments moments)
    {
        if (Refusal(moments) is { } reason) return new ArmEstimate.Unmeasured(reason);
        return ArmEstimate.Checked((long)moments.N, MeanOf(moments.MPost, moments.N), Covariance(moments.N, moments.MPost, moments.MPost, moments.MPostMPost));
    }

    /// <summary>Conversion: m_post is 0 or 1 unit. Variance p(1 − p), as <see cref="Arms.Proportion"/>.</summary>
    public static ArmEstimate Proportion(Moments moments)
    {
        if (Refusal(moments) is { } reason) return new ArmEstimate.Unmeasured(reason);
        return Arms.Proportion(new ProportionSums((long)moments.N, (double)moments.MPost / FixedPoint.Scale));
    }

    /// <summary>m_post over d_post, by the delta method.</summary>
    public static ArmEstimate Ratio(Moments moments)
    {
        if (Refusal(moments) is { } reason) return new ArmEstimate.Unmeasured(reason);
        var n = moments.N;
        return Arms.Ratio(
            (long)n, MeanOf(moments.MPost, n), MeanOf(moments.DPost, n),
            Covariance(n, moments.MPost, moments.MPost, moments.MPostMPost),
            Covariance(n, moments.MPost, moments.DPost, moments.MPostDPost),
            Covariance(n, moments.DPost, moments.DPost, moments.DPostDPost));
    }

    internal static NoEstimateReason? Refusal(Moments moments)
    {
        if (moments.N < 0 || moments.N > long.MaxValue) return NoEstimateReason.InconsistentSums;
        if (moments.N == 0) return NoEstimateReason.NoData;
        return moments.N < 2 ? NoEstimateReason.TooFewUnits : null;
    }

    /// <summary>Mean in the metric's unit.</summary>
    internal static double MeanOf(Int128 sum, Int128 n) => (double)sum / (double)n / FixedPoint.Scale;

    /// <summary>Sample covariance (n − 1) in the metric's units.</summary>
    internal static double Covariance(Int128 n, Int128 sumX, Int128 sumY, Int128 sumXy) =>
        (double)((System.Numerics.BigInteger)n * sumXy - (System.Numerics.BigInteger)sumX * sumY) / (double)n / ((double)n - 1) / Square;
}
