namespace Delivery.Evaluation;

/// <summary>GrowthBook's layout of weights and coverage, in its own fractions and in our integer buckets.</summary>
public static class GrowthBookRanges
{
    /// <summary>n equal weights that sum to 1 (<c>getEqualWeights</c>).</summary>
    /// <param name="count">Number of variations.</param>
    /// <returns>The weights; empty for a count below 1.</returns>
    public static IReadOnlyList<double> EqualWeights(int count) =>
        count < 1 ? [] : [.. Enumerable.Repeat(1d / count, count)];

    /// <summary>
    /// The fraction ranges of n variations (<c>getBucketRange</c>): each starts where its full weight starts and is as
    /// long as weight times coverage, so that raising the coverage moves nobody.
    /// </summary>
    /// <param name="count">Number of variations.</param>
    /// <param name="coverage">Covered fraction; clamped to [0, 1].</param>
    /// <param name="weights">Weights; null, of another count or not summing to 1 within 0.01: equal weights.</param>
    /// <returns>Start (inclusive) and end (exclusive) of each variation.</returns>
    public static IReadOnlyList<(double Start, double End)> Of(int count, double coverage, IReadOnlyList<double>? weights)
    {
        coverage = Math.Clamp(coverage, 0, 1);
        if (weights is null || weights.Count != count || weights.Sum() is < 0.99 or > 1.01)
            weights = EqualWeights(count);
        var ranges = new List<(double, double)>(weights.Count);
        var cumulative = 0d;
        foreach (var weight in weights)
        {
            ranges.Add((cumulative, cumulative + (coverage * weight)));
            cumulative += weight;
        }

        return ranges;
    }

    /// <summary>The first range that holds a fraction (<c>chooseVariation</c>).</summary>
    /// <param name="fraction">The unit's fraction.</param>
    /// <param name="ranges">The ranges.</param>
    /// <returns>Index of the range, or -1.</returns>
    public static int Choose(double fraction, IReadOnlyList<(double Start, double End)> ranges)
    {
        for (var i = 0; i < ranges.Count; i++)
        {
            if (fraction >= ranges[i].Start && fraction < ranges[i].End)
                return i;
        }

        return -1;
    }

    /// <summary>A unit's fraction as GrowthBook's SDKs compute it (<c>hash</c>).</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="version">1 or 2.</param>
    /// <returns>The fraction in [0, 1), or null for any other version.</returns>
    public static double? Fraction(string seed, string unit, int version) => version switch
    {
        1 => Fnv1a.BucketV1(seed, unit) / 1_000d,
        2 => Fnv1a.BucketV2(seed, unit) / 10_000d,
        _ => null,
    };

    /// <summary>
    /// The integer buckets that lie in [start, end) as GrowthBook compares them: with bucket / total as a double. The
    /// integers therefore hold exactly the same units.
    /// </summary>
    /// <param name="start">Start of the range, inclusive.</param>
    /// <param name="end">End of the range, exclusive.</param>
    /// <param name="total">1,000 for version 1, 10,000 for version 2.</param>
    /// <returns>The range of buckets.</returns>
    public static BucketRange Buckets(double start, double end, int total)
    {
        var first = FirstAtLeast(start, total);
        return new BucketRange(first, Math.Max(first, FirstAtLeast(end, total)));
    }

    /// <summary>The buckets of a rollout's coverage, which includes its upper bound (<c>n &lt;= coverage</c>).</summary>
    /// <param name="coverage">The covered fraction.</param>
    /// <param name="total">1,000 for version 1, 10,000 for version 2.</param>
    /// <returns>The range of buckets.</returns>
    public static BucketRange CoveredBuckets(double coverage, int total)
    {
        var end = FirstAtLeast(coverage, total);
        return new BucketRange(0, end < total && end / (double)total <= coverage ? end + 1 : end);
    }

    private static int FirstAtLeast(double fraction, int total)
    {
        var bucket = (int)Math.Clamp(Math.Floor(fraction * total) - 1, 0, total);
        while (bucket < total && bucket / (double)total < fraction)
            bucket++;
        return bucket;
    }
}
