using Delivery.Otlp;
using Delivery.Statistics;
using Google.Protobuf;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>What a data point holds, whatever its kind. Closed.</summary>
internal abstract record PointValue
{
    private PointValue()
    {
    }

    /// <summary>One number, in millionths.</summary>
    public sealed record Number(long MicroUnits) : PointValue;

    /// <summary>Measurements in buckets.</summary>
    public sealed record Many(IReadOnlyList<ValueRange> Ranges, double? Sum, ulong Count) : PointValue;

    /// <summary>Nothing that could be kept.</summary>
    /// <param name="Field">The member that is wrong.</param>
    /// <param name="Accepted">What would be accepted.</param>
    public sealed record Unfit(string Field, string Accepted) : PointValue;

    /// <summary>What a point holds, less what an earlier point of its cumulative series held.</summary>
    public static PointValue Of(IMessage point, IMessage? before) => point switch
    {
        NumberDataPoint number => Of(number, before as NumberDataPoint),
        HistogramDataPoint histogram => Fault(histogram) is { } fault ? fault : Of(Less(histogram, before as HistogramDataPoint)),
        ExponentialHistogramDataPoint exponential => Fault(exponential) is { } fault ? fault : Of(ExponentialDelta.Less(exponential, before as ExponentialHistogramDataPoint)),
        _ => throw new ArgumentOutOfRangeException(nameof(point), point.GetType().Name, "no such data point"),
    };

    /// <summary>In fixed point first: the differences then add up to the last point's value.</summary>
    private static PointValue Of(NumberDataPoint point, NumberDataPoint? before)
    {
        if (Micro(point) is not { } now)
            return new Unfit(point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? "asInt" : "asDouble", "a finite number within ±9223372036854.775807 (it is kept in millionths)");
        try
        {
            return new Number(checked(now - (before is null ? 0 : Micro(before) ?? 0)));
        }
        catch (OverflowException)
        {
            return new Unfit("asDouble", "a number whose difference to the one before is within ±9223372036854.775807");
        }
    }

    private static Many Of(HistogramDataPoint point) => new(BucketValues.Of(point), point.HasSum ? point.Sum : null, point.Count);

    private static Many Of(ExponentialHistogramDataPoint point) => new(BucketValues.Of(point), point.HasSum ? point.Sum : null, point.Count);

    private static long? Micro(NumberDataPoint point) => point.ValueCase switch
    {
        NumberDataPoint.ValueOneofCase.AsInt => point.AsInt is > long.MaxValue / FixedPoint.Scale or < long.MinValue / FixedPoint.Scale ? null : point.AsInt * FixedPoint.Scale,
        NumberDataPoint.ValueOneofCase.AsDouble => FixedPoint.TryConvert(point.AsDouble, out var micro) is null ? micro : null,
        _ => null,
    };

    /// <summary>Other bounds, or less than before: the sender began anew without saying so.</summary>
    private static HistogramDataPoint Less(HistogramDataPoint point, HistogramDataPoint? before)
    {
        if (before is null || !before.ExplicitBounds.SequenceEqual(point.ExplicitBounds) || before.BucketCounts.Count != point.BucketCounts.Count
            || before.Count > point.Count || before.BucketCounts.Zip(point.BucketCounts).Any(pair => pair.First > pair.Second))
            return point;
        var less = new HistogramDataPoint { Count = point.Count - before.Count, ExplicitBounds = { point.ExplicitBounds } };
        less.BucketCounts.Add(point.BucketCounts.Zip(before.BucketCounts, (now, then) => now - then));
        if (point.HasSum && before.HasSum)
            less.Sum = point.Sum - before.Sum;
        return less;
    }

    private static Unfit? Fault(HistogramDataPoint point) =>
        point.BucketCounts.Count > 0 && point.BucketCounts.Count != point.ExplicitBounds.Count + 1 ? new Unfit("bucketCounts", "one more than explicitBounds, or none")
        : point.BucketCounts.Count > 0 && Total(point.BucketCounts) != point.Count ? new Unfit("count", "the sum of bucketCounts")
        : point.ExplicitBounds.Any(bound => !double.IsFinite(bound)) || point.ExplicitBounds.Zip(point.ExplicitBounds.Skip(1)).Any(pair => !(pair.First < pair.Second))
            ? new Unfit("explicitBounds", "finite numbers, each greater than the one before")
        : point.HasSum && !double.IsFinite(point.Sum) ? new Unfit("sum", "a finite number")
        : point.HasMin && double.IsNaN(point.Min) ? new Unfit("min", "a number")
        : point.HasMax && double.IsNaN(point.Max) ? new Unfit("max", "a number")
        : null;

    private static Unfit? Fault(ExponentialHistogramDataPoint point) =>
        point.Scale is < -10 or > 20 ? new Unfit("scale", "-10 to 20")
        : Total([.. point.Positive?.BucketCounts ?? [], .. point.Negative?.BucketCounts ?? [], point.ZeroCount]) != point.Count ? new Unfit("count", "the sum of zeroCount and all bucketCounts")
        : point.HasSum && !double.IsFinite(point.Sum) ? new Unfit("sum", "a finite number")
        : null;

    private static ulong? Total(IEnumerable<ulong> counts)
    {
        UInt128 total = 0;
        foreach (var count in counts)
            total += count;
        return total <= ulong.MaxValue ? (ulong)total : null;
    }
}
