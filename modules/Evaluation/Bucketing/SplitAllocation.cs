namespace Delivery.Evaluation;

/// <summary>The layout of a split's buckets, and its change without moving anyone who need not move.</summary>
public static class SplitAllocation
{
    /// <summary>The whole that the split's parts are of.</summary>
    /// <param name="split">The split.</param>
    /// <returns><see cref="Split.TotalWeight"/>, or the sum of the weights.</returns>
    public static long Total(Split split) => split.TotalWeight ?? split.Weights.Sum(weight => (long)weight.Weight);

    /// <summary>The ranges in force: the explicit ones, or the weights laid end to end from 0.</summary>
    /// <param name="split">The split.</param>
    /// <returns>The ranges in order; empty ones included.</returns>
    public static IReadOnlyList<VariantRange> Ranges(Split split)
    {
        if (split.Ranges.Count > 0)
            return split.Ranges;
        var ranges = new List<VariantRange>(split.Weights.Count);
        var start = 0;
        foreach (var weight in split.Weights)
        {
            ranges.Add(new VariantRange(weight.Variant, start, start + weight.Weight));
            start += weight.Weight;
        }

        return ranges;
    }

    /// <summary>
    /// Changes the weights so that as few units as possible move: a variant that shrinks gives up its last buckets to
    /// the pool, a variant that grows takes buckets from the pool. A unit moves only if its variant gave its bucket up;
    /// raising one arm from the unexposed pool moves no exposed unit.
    /// </summary>
    /// <param name="split">The split as it is.</param>
    /// <param name="weights">The weights wanted, in parts of the split's present total.</param>
    /// <returns>The split with explicit ranges, the weights, and an unchanged total.</returns>
    /// <exception cref="ArgumentException">The weights are negative, repeat a variant or exceed the total.</exception>
    public static Split Reweight(Split split, IReadOnlyList<VariantWeight> weights)
    {
        var total = checked((int)Total(split));
        if (weights.Any(weight => weight.Weight < 0) || weights.Sum(weight => (long)weight.Weight) > total)
            throw new ArgumentException($"Weights are from 0 and sum to at most {total}.", nameof(weights));
        if (weights.DistinctBy(weight => weight.Variant).Count() != weights.Count)
            throw new ArgumentException("Each variant has one weight.", nameof(weights));

        var kept = weights.ToDictionary(weight => weight.Variant, weight => weight.Weight, StringComparer.Ordinal);
        var ranges = new List<VariantRange>();
        foreach (var range in Ranges(split).OrderBy(range => range.Start))
        {
            var length = Math.Min(range.End - range.Start, kept.GetValueOrDefault(range.Variant));
            if (length <= 0)
                continue;
            kept[range.Variant] -= length;
            ranges.Add(range with { End = range.Start + length });
        }

        foreach (var weight in weights)
            Grow(ranges, weight.Variant, kept[weight.Variant], total);
        return split with { TotalWeight = total, Weights = weights, Ranges = Merge(ranges) };
    }

    private static void Grow(List<VariantRange> ranges, string variant, int missing, int total)
    {
        var start = 0;
        foreach (var taken in ranges.OrderBy(range => range.Start).Append(new VariantRange("", total, total)).ToArray())
        {
            var length = Math.Min(taken.Start - start, missing);
            if (length > 0)
            {
                ranges.Add(new VariantRange(variant, start, start + length));
                missing -= length;
            }

            start = taken.End;
        }
    }

    private static List<VariantRange> Merge(List<VariantRange> ranges)
    {
        var merged = new List<VariantRange>();
        foreach (var range in ranges.OrderBy(range => range.Start))
        {
            if (merged.Count > 0 && merged[^1].Variant == range.Variant && merged[^1].End == range.Start)
                merged[^1] = merged[^1] with { End = range.End };
            else
                merged.Add(range);
        }

        return merged;
    }
}
