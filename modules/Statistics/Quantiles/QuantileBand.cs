namespace Delivery.Statistics;

/// <summary>The quantile of one arm with an interval that holds at all looks at once.</summary>
public static class QuantileBand
{
    /// <summary>Two-sided at level 1 − α, α/2 a side.</summary>
    /// <remarks>
    /// Howard and Ramdas 2022, arXiv:1906.09712v5, Theorem 1 (beta-binomial). Assumption: observations are independent with the same
    /// law; see <see cref="QuantileGuardrailDesign.DesignEffect"/> for repeated observations of a unit.
    /// </remarks>
    public static QuantileReading Read(LogHistogram histogram, QuantileGuardrailDesign design)
    {
        if (!design.IsValid) return new QuantileReading.NoEstimate(NoEstimateReason.InvalidDesign);
        if (histogram.Count == 0) return new QuantileReading.NoEstimate(NoEstimateReason.NoData);
        var (lowest, highest) = new QuantileEvidence(histogram, design, design.Alpha / 2).Band(Math.Log(2 / design.Alpha));
        return new QuantileReading.Estimate(
            Sample(histogram, design.Probability),
            new Interval(
                lowest is { } l ? FixedPoint.ToUnits(LogHistogram.LowestOf(l)) : null,
                highest is { } h ? FixedPoint.ToUnits(LogHistogram.HighestOf(h)) : null));
    }

    /// <summary>Middle of the bucket that holds the sample quantile (rank ⌈ν·n⌉), in the value's unit.</summary>
    internal static double Sample(LogHistogram histogram, double probability)
    {
        var rank = Math.Clamp((long)Math.Ceiling(probability * histogram.Count), 1, histogram.Count);
        var bucket = histogram.BucketOfRank(rank) ?? throw new InvalidOperationException("The histogram changed while it was read.");
        return (FixedPoint.ToUnits(LogHistogram.LowestOf(bucket)) + FixedPoint.ToUnits(LogHistogram.HighestOf(bucket))) / 2;
    }
}
