using Delivery.Contracts.Metrics;

namespace Delivery.Metrics.Catalogue;

/// <summary>What is measured of every request without set-up.</summary>
internal static class SystemMetrics
{
    public static IReadOnlyList<MetricView> All { get; } =
    [
        Of("request-errors", new MetricDefinition(
            "Request errors", "Of all requests, how many failed.", MetricKind.Ratio,
            new MeasuredEvents(null, MeasureOf.Failures), new MeasuredEvents(null),
            Direction: MetricDirection.LowerIsBetter, Tier: MetricTier.System)),
        Of("request-latency-mean", new MetricDefinition(
            "Mean latency", "How long a request takes on average, in seconds.", MetricKind.Ratio,
            new MeasuredEvents(null, MeasureOf.Duration), new MeasuredEvents(null),
            Direction: MetricDirection.LowerIsBetter, Tier: MetricTier.System)),
        Of("request-latency-p95", new MetricDefinition(
            "Latency, 95th percentile", "19 of 20 requests take at most so many seconds.", MetricKind.Quantile,
            new MeasuredEvents(null, MeasureOf.Duration), Quantile: 0.95,
            Direction: MetricDirection.LowerIsBetter, Tier: MetricTier.System)),
        Of("requests-per-unit", new MetricDefinition(
            "Requests per unit", "How many requests a unit makes. A fall often means that people can't go on.", MetricKind.Count,
            new MeasuredEvents(null), Tier: MetricTier.System)),
    ];

    public static MetricView? Find(string key) => All.FirstOrDefault(metric => metric.Key == key);

    private static MetricView Of(string key, MetricDefinition definition) =>
        new(key, definition, Version: 0, System: true, Archived: false, null, null);
}
