using Delivery.Otlp;
using Buckets = Delivery.Otlp.ExponentialHistogramDataPoint.Types.Buckets;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>The difference of two points of a cumulative exponential histogram. A sender lowers the scale as values spread.</summary>
internal static class ExponentialDelta
{
    public static ExponentialHistogramDataPoint Less(ExponentialHistogramDataPoint point, ExponentialHistogramDataPoint? before)
    {
        if (before is null || before.Scale < point.Scale || before.Count > point.Count || before.ZeroCount > point.ZeroCount)
            return point;
        var coarser = before.Scale - point.Scale;
        if (Less(point.Positive, before.Positive, coarser) is not { } positive || Less(point.Negative, before.Negative, coarser) is not { } negative)
            return point;
        var less = new ExponentialHistogramDataPoint
        {
            Scale = point.Scale,
            Count = point.Count - before.Count,
            ZeroCount = point.ZeroCount - before.ZeroCount,
            Positive = positive,
            Negative = negative,
        };
        if (point.HasSum && before.HasSum)
            less.Sum = point.Sum - before.Sum;
        return less;
    }

    /// <summary>Null when a bucket holds less than before: the sender began anew without saying so.</summary>
    private static Buckets? Less(Buckets? now, Buckets? before, int coarser)
    {
        now ??= new Buckets();
        ulong[] left = [.. now.BucketCounts];
        for (var i = 0; i < (before?.BucketCounts.Count ?? 0); i++)
        {
            if (before!.BucketCounts[i] == 0)
                continue;
            // A bucket of the finer scale lies within the one of half its index, rounded down.
            var place = ((before.Offset + (long)i) >> coarser) - now.Offset;
            if (place < 0 || place >= left.Length || left[place] < before.BucketCounts[i])
                return null;
            left[place] -= before.BucketCounts[i];
        }

        return new Buckets { Offset = now.Offset, BucketCounts = { left } };
    }
}
