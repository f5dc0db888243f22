using System.Collections.Immutable;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Prometheus;

/// <summary>Prometheus' histograms as the contract's: values by bucket in micro-units, not cumulative.</summary>
internal static class Histograms
{
    private const string UpTo = "le";
    private const string Name = "__name__";

    /// <summary>What an arm's series gained: native ones bring their buckets, classic ones have a series for each edge.</summary>
    /// <returns>The buckets in the metric's own unit, and the sum of the values, NaN where none is told; null buckets when edges cross each other.</returns>
    public static (ImmutableArray<Span>? Spans, double Sum) Of(IReadOnlyList<Gain> gains, bool native)
    {
        if (native)
            return (Checked(SpanSums.Add(gains.Select(g => g.Level.Spans))), gains.Sum(g => g.Level.Sum));
        var buckets = gains.Where(g => g.Labels.ContainsKey(UpTo)).ToList();
        var spans = SpanSums.Add(buckets.GroupBy(g => string.Join('\n', g.Labels.Where(l => l.Key is not (UpTo or Name)))).Select(Classic));
        var sums = gains.Where(g => !g.Labels.ContainsKey(UpTo)).ToList();
        return (Checked(spans), sums.Count == 0 ? double.NaN : sums.Sum(g => g.Level.Count));
    }

    /// <summary>The same edges for every arm; null when they cross each other.</summary>
    public static IReadOnlyList<ImmutableArray<Span>>? Aligned(IReadOnlyList<ImmutableArray<Span>> arms)
    {
        var edges = SpanSums.Add(arms);
        return SpanSums.Crossed(edges) ? null : [.. arms.Select(a => SpanSums.Onto(edges, a))];
    }

    /// <summary>In micro-units; buckets too narrow for them go into the next. A service that once observed NaN has no sum any more.</summary>
    public static ArmStatistics.Histogram Micros(ImmutableArray<Span> spans, double sum, double scale)
    {
        var buckets = ImmutableArray.CreateBuilder<Bucket>(spans.Length);
        Bucket? narrow = null;
        foreach (var span in spans)
        {
            var bucket = new Bucket(narrow?.From ?? Edge(span.From, scale), Edge(span.To, scale), (narrow?.Count ?? 0) + Whole(span.Count));
            narrow = bucket.To > bucket.From ? null : bucket;
            if (narrow is null)
                buckets.Add(bucket);
        }

        if (narrow is { } last)
            buckets.Add(last with { To = last.From + 1 });
        return new ArmStatistics.Histogram(buckets.DrainToImmutable(), double.IsFinite(sum) ? (Int128)Math.Round(sum * scale * 1e6) : null);
    }

    /// <summary>A count that a float carried.</summary>
    public static long Whole(double count) => (long)Math.Round(Math.Max(0, count));

    private static ImmutableArray<Span>? Checked(ImmutableArray<Span> spans) => SpanSums.Crossed(spans) ? null : spans;

    private static ImmutableArray<Span> Classic(IEnumerable<Gain> buckets)
    {
        var spans = ImmutableArray.CreateBuilder<Span>();
        var (from, below) = (double.NaN, 0.0);
        foreach (var (to, gained) in buckets.Select(b => (To: Series.Float(b.Labels[UpTo]), b.Level.Count)).OrderBy(b => b.To))
        {
            spans.Add(new Span(double.IsNaN(from) ? to > 0 ? 0 : double.NegativeInfinity : from, to, Math.Max(0, gained - below)));
            (from, below) = (to, Math.Max(below, gained));
        }

        return spans.DrainToImmutable();
    }

    private static long Edge(double value, double scale) => double.IsFinite(value)
        ? (long)Math.Round(value * scale * 1e6)
        : value > 0 ? long.MaxValue : long.MinValue;
}
