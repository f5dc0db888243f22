using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>An event of a set moves a column of the unit's row, and by it a component of some metrics.</summary>
/// <param name="Column">The column.</param>
/// <param name="Component">0 outcome, 1 denominator, 2 and 3 the same before exposure, 4 history.</param>
/// <param name="From">It counts from so many ticks after exposure on.</param>
/// <param name="To">It counts up to so many ticks after exposure, not included.</param>
/// <param name="SumsAmount">Whether it adds the event's amount; otherwise one.</param>
/// <param name="Metrics">The metrics that read the column.</param>
internal readonly record struct ColumnUse(int Column, int Component, long From, long To, bool SumsAmount, int[] Metrics)
{
    public bool Counts(long ticksAfter) => ticksAfter >= From && ticksAfter < To;

    public long AmountOf(long amount) => SumsAmount ? amount : FixedPoint.Scale;
}

/// <summary>An event of a set is one of a quantile metric's values.</summary>
internal readonly record struct ValueUse(int Metric, int Column, long Window, bool SumsAmount);

/// <summary>What an event of a set moves in a unit's row: after exposure, and before it.</summary>
internal sealed record SetUse(ColumnUse[] After, ColumnUse[] Before, ValueUse[] Values)
{
    /// <summary>The columns that an event so many ticks after exposure may move.</summary>
    public ReadOnlySpan<ColumnUse> ColumnsAt(long ticksAfter) => ticksAfter >= 0 ? After : Before;
}

/// <summary>The metrics that are kept of a flag, and the layout of a unit's row: metrics that sum the same share its column.</summary>
internal sealed class FlagPlan
{
    private static readonly long ForEver = TimeSpan.FromDays(36_500).Ticks;
    private readonly SourceTable _sources;
    private readonly Dictionary<(int Source, int Component, long Window), int> _columns = [];
    private readonly List<(int Source, int Metric, int Column, long Window)> _values = [];
    private readonly Dictionary<string, int> _metrics = new(StringComparer.Ordinal);
    private SetUse?[] _sets = [];

    /// <param name="definitions">The metrics.</param>
    /// <param name="sources">What events are summed.</param>
    /// <param name="historyTicks">How long before its exposure a unit's events serve as covariate.</param>
    public FlagPlan(IEnumerable<MetricDefinition> definitions, SourceTable sources, long historyTicks)
    {
        _sources = sources;
        var metrics = new List<FoldedMetric>();
        foreach (var d in definitions)
        {
            if (!_metrics.TryAdd(FoldedMetric.TextOf(d), metrics.Count))
                continue;
            var (measure, per) = (sources.NumberOf(d.Measure), d.Per is { } events ? sources.NumberOf(events) : -1);
            var window = d.WindowSeconds is { } seconds ? seconds * TimeSpan.TicksPerSecond : ForEver;
            var ofValues = d.Kind == MetricKind.Quantile ? Columns++ : -1;
            if (ofValues >= 0)
                _values.Add((measure, metrics.Count, ofValues, window));
            var before = Column(measure, 2, historyTicks);
            metrics.Add(new FoldedMetric(
                d.Kind == MetricKind.Conversion ? FixedPoint.Scale : d.Cap is { } cap ? (long)(cap * FixedPoint.Scale) : long.MaxValue, d.Quantile ?? 0,
                Column(measure, 0, window), Column(per, 1, window), before, Column(per, 3, historyTicks), HistoryOf(d.Kind, measure, before, historyTicks), ofValues));
        }

        Metrics = [.. metrics];
        QuantileMetrics = [.. metrics.Index().Where(metric => metric.Item.Values >= 0).Select(metric => metric.Index)];
    }

    public FoldedMetric[] Metrics { get; }

    /// <summary>The numbers of the metrics that are quantiles.</summary>
    public int[] QuantileMetrics { get; }

    /// <summary>How many columns a unit's row has.</summary>
    public int Columns { get; private set; }

    /// <summary>The metric's number; -1 when it is not kept.</summary>
    public int IndexOf(MetricDefinition definition) => _metrics.GetValueOrDefault(FoldedMetric.TextOf(definition), -1);

    public SetUse UseOf(int set) => set < _sets.Length && _sets[set] is { } use ? use : Add(set);

    private SetUse Add(int set)
    {
        if (set >= _sets.Length)
            Array.Resize(ref _sets, Math.Max(set + 1, _sets.Length * 2));
        var sources = _sources.Sets[set];
        ColumnUse[] columns = [.. sources.SelectMany(source => _columns.Where(column => column.Key.Source == source).Select(column => Use(column.Key, column.Value)))];
        return _sets[set] = new SetUse(
            [.. columns.Where(column => column.Component < 2)], [.. columns.Where(column => column.Component >= 2)],
            [.. sources.SelectMany(source => _values.Where(value => value.Source == source).Select(value => new ValueUse(value.Metric, value.Column, value.Window, _sources.SumsAmount(source))))]);
    }

    private ColumnUse Use((int Source, int Component, long Window) key, int column)
    {
        var (from, to) = key.Component < 2 ? (0L, key.Window) : (-key.Window, 0L);
        return new ColumnUse(column, key.Component, from, to, SumsAmount(key), ReadersOf(column, key.Component));
    }

    private bool SumsAmount((int Source, int Component, long Window) key) => key.Component != FoldedMetric.HistoryComponent && _sources.SumsAmount(key.Source);

    /// <summary>A sum of ones counts its events already; beside another sum a column counts them.</summary>
    private int HistoryOf(MetricKind kind, int measure, int before, long historyTicks) => kind switch
    {
        MetricKind.Ratio or MetricKind.Quantile => -1,
        _ => _sources.SumsAmount(measure) ? Column(measure, FoldedMetric.HistoryComponent, historyTicks) : before,
    };

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
