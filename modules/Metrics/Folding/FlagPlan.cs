using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>An event of a source moves a column of the unit's row, and by it a component of some metrics.</summary>
/// <param name="Column">The column.</param>
/// <param name="Component">0 outcome, 1 denominator, 2 and 3 the same before exposure.</param>
/// <param name="Window">Ticks after exposure within which it counts; of a column before exposure, ticks before it.</param>
/// <param name="Metrics">The metrics that read the column.</param>
internal sealed record ColumnUse(int Column, int Component, long Window, int[] Metrics)
{
    public bool Counts(long ticksAfter) => Component < 2 ? ticksAfter >= 0 && ticksAfter < Window : ticksAfter < 0 && -ticksAfter <= Window;
}

/// <summary>An event of a source is one of a quantile metric's values.</summary>
internal sealed record ValueUse(int Metric, int Column, long Window);

/// <summary>The metrics that are kept of a flag, and the layout of a unit's row: metrics that sum the same share its column.</summary>
internal sealed class FlagPlan
{
    private static readonly long ForEver = TimeSpan.FromDays(36_500).Ticks;
    private readonly Dictionary<(int Source, int Component, long Window), int> _columns = [];
    private readonly Dictionary<string, int> _metrics = new(StringComparer.Ordinal);
    private readonly ColumnUse[][] _uses;
    private readonly ValueUse[][] _values;

    public FlagPlan(IEnumerable<MetricDefinition> definitions, SourceTable sources)
    {
        var metrics = new List<FoldedMetric>();
        var values = new List<(int Source, ValueUse Use)>();
        foreach (var d in definitions)
        {
            if (!_metrics.TryAdd(FoldedMetric.TextOf(d), metrics.Count))
                continue;
            var (measure, per) = (sources.NumberOf(d.Measure), d.Per is { } events ? sources.NumberOf(events) : -1);
            var window = d.WindowSeconds is { } seconds ? seconds * TimeSpan.TicksPerSecond : ForEver;
            var ofValues = d.Kind == MetricKind.Quantile ? Columns++ : -1;
            if (ofValues >= 0)
                values.Add((measure, new ValueUse(metrics.Count, ofValues, window)));
            metrics.Add(new FoldedMetric(
                d.Kind, d.Kind == MetricKind.Conversion ? FixedPoint.Scale : d.Cap is { } cap ? (long)(cap * FixedPoint.Scale) : long.MaxValue, d.Quantile ?? 0,
                Column(measure, 0, window), Column(per, 1, window), Column(measure, 2, FoldedMetric.HistoryTicks), Column(per, 3, FoldedMetric.HistoryTicks), ofValues));
        }

        Metrics = [.. metrics];
        _uses = [.. Enumerable.Range(0, sources.Count).Select(source => _columns.Where(c => c.Key.Source == source)
            .Select(c => new ColumnUse(c.Value, c.Key.Component, c.Key.Window, ReadersOf(c.Value, c.Key.Component))).ToArray())];
        _values = [.. Enumerable.Range(0, sources.Count).Select(source => values.Where(v => v.Source == source).Select(v => v.Use).ToArray())];
    }

    public FoldedMetric[] Metrics { get; }

    /// <summary>How many columns a unit's row has.</summary>
    public int Columns { get; private set; }

    /// <summary>The metric's number; -1 when it is not kept.</summary>
    public int IndexOf(MetricDefinition definition) => _metrics.GetValueOrDefault(FoldedMetric.TextOf(definition), -1);

    public ColumnUse[] UsesOf(int source) => source < _uses.Length ? _uses[source] : [];

    public ValueUse[] ValuesOf(int source) => source < _values.Length ? _values[source] : [];

    private int Column(int source, int component, long window)
    {
        if (source < 0)
            return -1;
        if (!_columns.TryGetValue((source, component, window), out var column))
            _columns.Add((source, component, window), column = Columns++);
        return column;
    }

    private int[] ReadersOf(int column, int component) =>
        [.. Enumerable.Range(0, Metrics.Length).Where(metric => Metrics[metric].ColumnOf(component) == column)];
}
