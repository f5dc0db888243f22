using System.Collections.Immutable;

namespace Delivery.Plugins.Prometheus;

/// <summary>What a cumulative series stood at, or gained: a counter's value, or a native histogram's buckets.</summary>
/// <param name="Count">A counter's value; a histogram's count.</param>
/// <param name="Sum">A histogram's sum; 0 for a counter.</param>
/// <param name="Spans">A histogram's buckets, ascending; empty for a counter.</param>
internal readonly record struct Level(double Count, double Sum, ImmutableArray<Span> Spans)
{
    public static Level Zero { get; } = new(0, 0, []);

    /// <summary>What was gained from one sample to the next. A lower count is a restart: it began at zero again.</summary>
    public static Level Step(Level before, Level after)
    {
        if (after.Count < before.Count)
            return after;
        return new Level(after.Count - before.Count, after.Sum - before.Sum, SpanSums.Subtract(after.Spans, before.Spans));
    }

    public static Level operator +(Level x, Level y) => new(x.Count + y.Count, x.Sum + y.Sum, x.Spans.Length + y.Spans.Length == 0 ? [] : SpanSums.Add([x.Spans, y.Spans]));
}

/// <summary>How many values are above <paramref name="From"/> and up to <paramref name="To"/>, in the metric's own unit.</summary>
internal readonly record struct Span(double From, double To, double Count)
{
    public bool Holds(Span other) => From <= other.From && other.To <= To;
}

/// <summary>Sums of buckets. Native histograms make their buckets wider when they become many: narrow ones go into the wide one that holds them.</summary>
internal static class SpanSums
{
    /// <summary>Edges that cross each other can't be added: <see cref="Crossed"/> tells.</summary>
    public static ImmutableArray<Span> Add(IEnumerable<ImmutableArray<Span>> several)
    {
        var all = several.Where(s => !s.IsDefaultOrEmpty).SelectMany(s => s).OrderBy(s => s.From).ThenByDescending(s => s.To).ToList();
        if (all.Count == 0)
            return [];
        var sums = ImmutableArray.CreateBuilder<Span>(all.Count);
        foreach (var span in all)
        {
            if (sums.Count > 0 && sums[^1].Holds(span))
                sums[^1] = sums[^1] with { Count = sums[^1].Count + span.Count };
            else
                sums.Add(span);
        }

        return sums.DrainToImmutable();
    }

    public static ImmutableArray<Span> Subtract(ImmutableArray<Span> from, ImmutableArray<Span> what) =>
        what.Length == 0 ? from : Add([from, [.. what.Select(s => s with { Count = -s.Count })]]);

    /// <summary>Whether some buckets overlap without one holding the other.</summary>
    public static bool Crossed(ImmutableArray<Span> spans) => spans.Zip(spans.Skip(1)).Any(pair => pair.Second.From < pair.First.To);

    /// <summary>The same counts on wider edges.</summary>
    public static ImmutableArray<Span> Onto(ImmutableArray<Span> edges, ImmutableArray<Span> counts) =>
        Add([[.. edges.Select(e => e with { Count = 0 })], counts]);
}
