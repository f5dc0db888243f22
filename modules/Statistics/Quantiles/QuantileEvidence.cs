namespace Delivery.Statistics;

/// <summary>
/// For each bucket of one arm, the evidence that the arm's quantile lies above or below it.
/// </summary>
/// <remarks>
/// <para>
/// Howard and Ramdas 2022, arXiv:1906.09712v5, Theorem 1 (beta-binomial mixture for a fixed quantile): "at most x" is a yes/no
/// observation. If Q(ν) lies in bucket j then P(Y ≤ highest of j) ≥ ν and P(Y &lt; lowest of j) ≤ ν, so each side is a one-sided test of
/// ν. Using whole buckets on the safe side makes the bin error part of the statement.
/// </para>
/// <para>Prior concentration k = N*/(−2·ln α + ln(1 − 2·ln α)): the beta counterpart of eq. 161 of arXiv:2103.06476v7.</para>
/// </remarks>
internal sealed class QuantileEvidence
{
    private readonly BernoulliEProcess more;
    private readonly BernoulliEProcess less;
    private readonly double[] cumulative;
    private readonly double[] lower;
    private readonly double[] upper;
    private readonly int first;
    private readonly double total;

    public QuantileEvidence(LogHistogram histogram, QuantileGuardrailDesign design, double alpha)
    {
        var k = 1 / AsymptoticConfidenceSequence.MixtureVariance(Math.Min(0.5, 2 * alpha), design.PlannedObservations / design.DesignEffect);
        more = new BernoulliEProcess(design.Probability, 1 - design.Probability, k);
        less = new BernoulliEProcess(1 - design.Probability, design.Probability, k);
        (first, var last) = Range(histogram);
        First = first;
        Last = last;
        cumulative = new double[last - first + 1];
        for (var bucket = first; bucket <= last; bucket++)
        {
            total += histogram.CountIn(bucket) / design.DesignEffect;
            cumulative[bucket - first] = total;
        }

        lower = new double[last - first + 3];
        upper = new double[last - first + 3];
        Array.Fill(lower, double.NaN);
        Array.Fill(upper, double.NaN);
    }

    /// <summary>First filled bucket.</summary>
    public int First { get; }

    /// <summary>Last filled bucket.</summary>
    public int Last { get; }

    /// <summary>ln of the evidence that the quantile lies below the bucket: too many observations below it.</summary>
    public double LogBelow(int bucket)
    {
        ref var known = ref lower[Math.Clamp(bucket - first + 1, 0, lower.Length - 1)];
        if (double.IsNaN(known)) known = more.LogEvidence(UpTo(bucket - 1), total - UpTo(bucket - 1));
        return known;
    }

    /// <summary>ln of the evidence that the quantile lies above the bucket: too few observations up to it.</summary>
    public double LogAbove(int bucket)
    {
        ref var known = ref upper[Math.Clamp(bucket - first + 1, 0, upper.Length - 1)];
        if (double.IsNaN(known)) known = less.LogEvidence(total - UpTo(bucket), UpTo(bucket));
        return known;
    }

    /// <summary>The buckets that neither side rules out at the given threshold; null where a side is open.</summary>
    public (int? Lowest, int? Highest) Band(double logThreshold)
    {
        int? lowest = LogAbove(first - 1) >= logThreshold ? Bisect(first - 1, Last, b => LogAbove(b) >= logThreshold) + 1 : null;
        int? highest = LogBelow(Last + 1) >= logThreshold ? Bisect(first - 1, Last, b => LogBelow(b + 1) < logThreshold) + 1 : null;
        return (lowest, highest);
    }

    private double UpTo(int bucket) => bucket < first ? 0 : cumulative[Math.Min(bucket, Last) - first];

    /// <summary>Last bucket in [from, to] for which a condition holds that starts true and turns false once.</summary>
    private static int Bisect(int from, int to, Func<int, bool> holds)
    {
        if (!holds(from)) return from - 1;
        while (from < to)
        {
            var middle = from + (to - from + 1) / 2;
            if (holds(middle)) from = middle;
            else to = middle - 1;
        }

        return from;
    }

    private static (int First, int Last) Range(LogHistogram histogram)
    {
        int first = -1, last = -1;
        foreach (var (bucket, _) in histogram.Filled())
        {
            if (first < 0) first = bucket;
            last = bucket;
        }

        return (first, last);
    }
}
