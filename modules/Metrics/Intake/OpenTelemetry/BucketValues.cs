using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>So many values from <paramref name="Low"/> to <paramref name="High"/>; an end nobody told is infinite.</summary>
internal readonly record struct ValueRange(double Low, double High, ulong Count);

/// <summary>
/// A histogram's values as far as it tells them: as many in each bucket as it says, evenly spread, then all moved by the same part of their
/// way to the bucket's end, so that they add up to the sum it says. No value leaves its bucket.
/// </summary>
internal static class BucketValues
{
    /// <summary>The buckets of a histogram with explicit bounds.</summary>
    public static List<ValueRange> Of(HistogramDataPoint point)
    {
        var (low, high) = (point.HasMin ? point.Min : double.NegativeInfinity, point.HasMax ? point.Max : double.PositiveInfinity);
        if (point.BucketCounts.Count == 0)
            return point.Count == 0 ? [] : [new ValueRange(low, high, point.Count)];
        var ranges = new List<ValueRange>();
        for (var i = 0; i < point.BucketCounts.Count; i++)
        {
            if (point.BucketCounts[i] == 0)
                continue;
            var from = i == 0 ? double.NegativeInfinity : point.ExplicitBounds[i - 1];
            var to = i < point.ExplicitBounds.Count ? point.ExplicitBounds[i] : double.PositiveInfinity;
            ranges.Add(new ValueRange(Math.Max(from, Math.Min(low, to)), Math.Min(to, Math.Max(high, from)), point.BucketCounts[i]));
        }

        return ranges;
    }

    /// <summary>The buckets of an exponential histogram: (base^i, base^(i+1)] with base = 2^(2^-scale).</summary>
    public static List<ValueRange> Of(ExponentialHistogramDataPoint point)
    {
        var ranges = new List<ValueRange>();
        if (point.ZeroCount > 0)
            ranges.Add(new ValueRange(0, 0, point.ZeroCount));
        foreach (var (index, count) in Filled(point.Positive))
            ranges.Add(new ValueRange(Bound(index, point.Scale), Bound(index + 1L, point.Scale), count));
        foreach (var (index, count) in Filled(point.Negative))
            ranges.Add(new ValueRange(-Bound(index + 1L, point.Scale), -Bound(index, point.Scale), count));
        return ranges;
    }

    /// <summary>The values, in millionths of what <paramref name="scale"/> makes of the histogram's unit; null when one can't be kept.</summary>
    /// <param name="ranges">The buckets that hold something.</param>
    /// <param name="sum">What all values add up to; null when it is not told.</param>
    /// <param name="scale">By what a value is multiplied.</param>
    public static List<long>? Spread(IReadOnlyList<ValueRange> ranges, double? sum, double scale)
    {
        var closed = Closed(ranges, sum);
        var values = new List<(double Value, ValueRange Range)>();
        foreach (var range in closed)
        {
            for (var i = 0UL; i < range.Count; i++)
                values.Add((range.Low + (range.High - range.Low) * ((i + 0.5) / range.Count), range));
        }

        var part = sum is { } told ? Part(values, told) : 0;
        var micro = new List<long>(values.Count);
        foreach (var (value, range) in values)
        {
            var moved = value + part * (part > 0 ? range.High - value : value - range.Low);
            if (Statistics.FixedPoint.TryConvert(moved * scale, out var microUnits) is not null)
                return null;
            micro.Add(microUnits);
        }

        return micro;
    }

    /// <summary>By which part of its way to the upper (or, below 0, the lower) end of its bucket each value moves.</summary>
    private static double Part(List<(double Value, ValueRange Range)> values, double sum)
    {
        var missing = sum - values.Sum(v => v.Value);
        var room = missing > 0 ? values.Sum(v => v.Range.High - v.Value) : values.Sum(v => v.Value - v.Range.Low);
        return room > 0 ? Math.Clamp(missing / room, -1, 1) : 0;
    }

    /// <summary>An end nobody told: 0 below positive values, and above what the sum asks for. Without any bucket all values are the mean.</summary>
    private static List<ValueRange> Closed(IReadOnlyList<ValueRange> ranges, double? sum)
    {
        var closed = ranges.Select(r => (r.Low, r.High) switch
        {
            (double.NegativeInfinity, double.PositiveInfinity) when ranges.Count == 1 => r with { Low = (sum ?? 0) / r.Count, High = (sum ?? 0) / r.Count },
            (double.NegativeInfinity, _) => r with { Low = Math.Min(0, r.High) },
            _ => r,
        }).ToList();
        var rest = sum - closed.Where(r => !double.IsPositiveInfinity(r.High)).Sum(r => (r.Low + r.High) / 2 * r.Count);
        return [.. closed.Select(r => !double.IsPositiveInfinity(r.High) ? r : r with
        {
            // Twice the way from the lower end to the mean of what is left: the mean of the bucket is then that.
            High = rest is { } left && left / r.Count > r.Low ? r.Low + 2 * (left / r.Count - r.Low) : r.Low,
        })];
    }

    private static double Bound(long index, int scale) => Math.Pow(2, index * Math.Pow(2, -scale));

    private static IEnumerable<(int Index, ulong Count)> Filled(ExponentialHistogramDataPoint.Types.Buckets? buckets)
    {
        for (var i = 0; i < (buckets?.BucketCounts.Count ?? 0); i++)
        {
            if (buckets!.BucketCounts[i] > 0)
                yield return (buckets.Offset + i, buckets.BucketCounts[i]);
        }
    }
}
