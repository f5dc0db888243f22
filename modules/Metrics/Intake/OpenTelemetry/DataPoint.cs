using Delivery.Otlp;
using Google.Protobuf;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>A data point of any kind, with what encloses it.</summary>
/// <param name="Place">Its path from the request.</param>
/// <param name="Metric">Its metric.</param>
/// <param name="Resource">Who sent it.</param>
/// <param name="Scope">What measured it.</param>
/// <param name="Message">The point.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="Start">Since when it counts, in nanoseconds since 1970; 0 when nobody told.</param>
/// <param name="Time">Up to when.</param>
/// <param name="HasNoValue">The sender had nothing to tell.</param>
/// <param name="Temporality">Since when a sum or histogram counts; null of a gauge.</param>
internal sealed record DataPoint(
    string Place, Metric Metric, Resource? Resource, Scope? Scope, IMessage Message, IReadOnlyCollection<KeyValue> Attributes,
    ulong Start, ulong Time, bool HasNoValue, AggregationTemporality? Temporality)
{
    private const uint NoRecordedValue = 1;

    /// <summary>All data points of a request, in its order.</summary>
    public static IEnumerable<DataPoint> Of(ExportMetricsServiceRequest export) =>
        from resource in export.ResourceMetrics.Index()
        from scope in resource.Item.ScopeMetrics.Index()
        from metric in scope.Item.Metrics.Index()
        from point in Of(metric.Item, $"resourceMetrics[{resource.Index}].scopeMetrics[{scope.Index}].metrics[{metric.Index}]", resource.Item.Resource, scope.Item.Scope)
        select point;

    private static IEnumerable<DataPoint> Of(Metric metric, string path, Resource? resource, Scope? scope) => metric.DataCase switch
    {
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Select((point, i) => new DataPoint(
            $"{path}.gauge.dataPoints[{i}]", metric, resource, scope, point, point.Attributes, point.StartTimeUnixNano, point.TimeUnixNano, HasNone(point), null)),
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Select((point, i) => new DataPoint(
            $"{path}.sum.dataPoints[{i}]", metric, resource, scope, point, point.Attributes, point.StartTimeUnixNano, point.TimeUnixNano, HasNone(point), metric.Sum.AggregationTemporality)),
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Select((point, i) => new DataPoint(
            $"{path}.histogram.dataPoints[{i}]", metric, resource, scope, point, point.Attributes, point.StartTimeUnixNano, point.TimeUnixNano,
            (point.Flags & NoRecordedValue) != 0, metric.Histogram.AggregationTemporality)),
        Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Select((point, i) => new DataPoint(
            $"{path}.exponentialHistogram.dataPoints[{i}]", metric, resource, scope, point, point.Attributes, point.StartTimeUnixNano, point.TimeUnixNano,
            (point.Flags & NoRecordedValue) != 0, metric.ExponentialHistogram.AggregationTemporality)),
        Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Select((point, i) => new DataPoint(
            $"{path}.summary.dataPoints[{i}]", metric, resource, scope, point, point.Attributes, 0, point.TimeUnixNano, false, null)),
        _ => [],
    };

    private static bool HasNone(NumberDataPoint point) => (point.Flags & NoRecordedValue) != 0;
}
