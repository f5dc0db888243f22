using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Scoring;

/// <summary>One arm of one epoch as an estimate.</summary>
internal static class CellEstimate
{
    /// <summary>The estimator of a kind of metric.</summary>
    public static MomentMetric EstimatorOf(MetricKind kind) => kind switch
    {
        MetricKind.Conversion => MomentMetric.Proportion,
        MetricKind.Count or MetricKind.Mean => MomentMetric.Mean,
        MetricKind.Ratio => MomentMetric.Ratio,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no estimator on moments"),
    };

    /// <summary>Why a cell's sums are not to be used; null when they are.</summary>
    public static NoNumber? Refusal(MomentCell cell) => cell switch
    {
        { Refusal: MomentRefusal.Saturated } => NoNumber.Saturated,
        { Refusal: MomentRefusal.Overflow } => NoNumber.Overflow,
        { Quantile: { } quantile } when HasNegative(quantile) => NoNumber.NegativeValues,
        _ => null,
    };

    public static ArmEstimate Of(MomentCell cell, MetricDefinition definition) => cell.Quantile is { } quantile
        ? Quantile(quantile, definition.Quantile ?? 0)
        : MomentEffects.Arm(Moments(cell.Sums), EstimatorOf(definition.Kind));

    public static Moments Moments(MomentSums s) => new()
    {
        N = s.N,
        MPost = s.MPost,
        DPost = s.DPost,
        MPre = s.MPre,
        DPre = s.DPre,
        MPostMPost = s.MPostMPost,
        MPostDPost = s.MPostDPost,
        MPostMPre = s.MPostMPre,
        MPostDPre = s.MPostDPre,
        DPostDPost = s.DPostDPost,
        DPostMPre = s.DPostMPre,
        DPostDPre = s.DPostDPre,
        MPreMPre = s.MPreMPre,
        MPreDPre = s.MPreDPre,
        DPreDPre = s.DPreDPre,
    };

    public static NoNumber Reason(NoEstimateReason reason) => reason switch
    {
        NoEstimateReason.NoData => NoNumber.NoData,
        NoEstimateReason.TooFewUnits => NoNumber.TooFewUnits,
        NoEstimateReason.NoVariance => NoNumber.NoVariance,
        NoEstimateReason.ZeroDenominator => NoNumber.ZeroDenominator,
        NoEstimateReason.BaselineNotAwayFromZero => NoNumber.BaselineNotAwayFromZero,
        NoEstimateReason.NotFinite => NoNumber.NotFinite,
        NoEstimateReason.InconsistentSums => NoNumber.InconsistentSums,
        NoEstimateReason.InvalidDesign => NoNumber.InvalidDesign,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no such reason"),
    };

    private static ArmEstimate Quantile(QuantileSums quantile, double probability)
    {
        var values = new LogHistogram();
        foreach (var bucket in quantile.Values)
            values.Add(bucket.From, bucket.Count);
        const double One = FixedPoint.Scale, Square = One * One;
        var (n, s) = ((long)quantile.AtMost.N, quantile.AtMost);
        return ClusteredQuantile.Of(values, probability, new RatioSums(
            new SampleSums(n, (double)s.MPost / One, (double)s.MPostMPost / Square), new SampleSums(n, (double)s.DPost / One, (double)s.DPostDPost / Square), (double)s.MPostDPost / Square));
    }

    /// <summary>The clustering counts every value, the histogram those of 0 and more.</summary>
    private static bool HasNegative(QuantileSums quantile) => quantile.AtMost.DPost / FixedPoint.Scale != quantile.Values.Aggregate((Int128)0, (all, bucket) => all + bucket.Count);
}
