using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;

namespace Delivery.Metrics.Measuring;

/// <summary>The metrics of one question, with each distinct source once.</summary>
internal sealed class MeasurePlan
{
    private readonly List<MeasuredEvents> _sources = [];
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);

    public MeasurePlan(IReadOnlyList<MetricToMeasure> metrics) => Metrics = [.. metrics.Select(Measured)];

    public IReadOnlyList<MeasuredEvents> Sources => _sources;

    public IReadOnlyList<MeasuredMetric> Metrics { get; }

    private MeasuredMetric Measured(MetricToMeasure metric)
    {
        var d = metric.Definition;
        return new MeasuredMetric(
            metric.Key, d.Kind, Source(d.Measure), d.Per is { } per ? Source(per) : -1,
            d.WindowSeconds is { } window ? window * TimeSpan.TicksPerSecond : TimeSpan.FromDays(36_500).Ticks,
            d.Cap is { } cap ? (long)(cap * Statistics.FixedPoint.Scale) : null,
            d.Quantile ?? 0);
    }

    private int Source(MeasuredEvents events)
    {
        var text = JsonSerializer.Serialize(events, Json.Options);
        if (!_indexes.TryGetValue(text, out var index))
        {
            _indexes.Add(text, index = _sources.Count);
            _sources.Add(events);
        }

        return index;
    }
}
