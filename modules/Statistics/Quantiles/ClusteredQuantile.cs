namespace Delivery.Statistics;

/// <summary>
/// A quantile of events (page loads, requests) when the unit of randomisation is the user, whose events resemble one another.
/// </summary>
/// <remarks>
/// <para>
/// Outer confidence interval with cluster correction: A. Deng, U. Knoblich, J. Lu, KDD 2018, arXiv:1803.06336v4, section 4;
/// S. Yao, Y. Li, J. Lu 2024, arXiv:2401.14549, algorithm 1. Ī = Σ S_i/Σ K_i is the share of events at most q̂, as a ratio metric over units
/// (K_i events of unit i, S_i of them at most q̂); its delta-method variance is ν(1−ν)/n times the clustering. L, U = nν ± z·n·√Var(Ī) and
/// SE(q̂) = (Y_(U) − Y_(L))/(2z).
/// </para>
/// <para>
/// The published form takes the order statistics of independent events, L, U = nν ± z·√(nν(1−ν)), and multiplies by the clustering
/// afterwards. To first order both are the same; reading the order statistics at the corrected ranks lets the density be averaged over the
/// interval that is reported, which covers p95 better (measured).
/// </para>
/// <para>Fixed horizon: for continuous monitoring see <see cref="QuantileGuardrail"/>.</para>
/// </remarks>
public static class ClusteredQuantile
{
    private const double Z = 1.959963984540054;

    /// <summary>Fewest events for which the order statistics L and U are apart from the ends.</summary>
    private const long FewestEvents = 50;

    /// <summary>The quantile of an arm from sorted values.</summary>
    /// <param name="sorted">All events' values, ascending, in the value's unit.</param>
    /// <param name="probability">ν in (0, 1).</param>
    /// <param name="atMost">Sums over units of S_i (numerator) and K_i (denominator), counted at the sample quantile.</param>
    /// <returns>A measured arm: its effects go through <see cref="Effects"/> like any other.</returns>
    public static ArmEstimate Of(IReadOnlyList<double> sorted, double probability, RatioSums atMost) =>
        Of(sorted.Count, probability, atMost, rank => sorted[(int)rank - 1], rank => sorted[(int)rank - 1]);

    /// <summary>As above from a histogram; the outer order statistics take the outer edges of their buckets, so the bin error is in the variance.</summary>
    public static ArmEstimate Of(LogHistogram histogram, double probability, RatioSums atMost)
    {
        return Of(histogram.Count, probability, atMost, rank => Edge(rank, LogHistogram.LowestOf), rank => Edge(rank, LogHistogram.HighestOf));

        double Edge(long rank, Func<int, long> edge) => FixedPoint.ToUnits(edge(histogram.BucketOfRank(rank)!.Value));
    }

    /// <summary>Rank (from 1) of the sample quantile: ⌈nν⌉.</summary>
    public static long Rank(long count, double probability) => Math.Clamp((long)Math.Ceiling(count * probability), 1, Math.Max(1, count));

    private static ArmEstimate Of(long n, double probability, RatioSums atMost, Func<long, double> low, Func<long, double> high)
    {
        if (probability is not (> 0 and < 1)) return new ArmEstimate.Unmeasured(NoEstimateReason.InvalidDesign);
        if (n == 0) return new ArmEstimate.Unmeasured(NoEstimateReason.NoData);
        if (n < FewestEvents) return new ArmEstimate.Unmeasured(NoEstimateReason.TooFewUnits);
        var atMostShare = Arms.Ratio(atMost);
        if (atMostShare is not ArmEstimate.Measured share) return atMostShare;

        var half = Z * n * Math.Sqrt(share.VarianceOfMean);
        var (first, last) = ((long)Math.Floor(n * probability - half), (long)Math.Ceiling(n * probability + half) + 1);
        if (first < 1 || last > n) return new ArmEstimate.Unmeasured(NoEstimateReason.TooFewUnits);
        var rank = Rank(n, probability);
        var sigma = (high(last) - low(first)) / (2 * Z);
        return ArmEstimate.Checked(share.Units, (low(rank) + high(rank)) / 2, sigma * sigma * share.Units);
    }
}
