using Mediator;

namespace Delivery.Contracts.Metrics;

/// <summary>Asks for the catalogue, by key; the system's own metrics are in it.</summary>
/// <param name="WithArchived">Also those that were archived.</param>
public sealed record ListMetrics(bool WithArchived = false) : IQuery<IReadOnlyList<MetricView>>;

/// <summary>Asks for one metric; null when there is none.</summary>
/// <param name="Metric">Its key.</param>
/// <param name="Version">As it was at this stream version; null for now.</param>
public sealed record FindMetric(string Metric, long? Version = null) : IQuery<MetricView?>;

/// <summary>A metric of the catalogue.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Definition">What it measures.</param>
/// <param name="Version">The stream version; 0 for the system's own, which nobody changes.</param>
/// <param name="System">Whether it is there without set-up.</param>
/// <param name="Archived">Whether it is retired.</param>
/// <param name="DefinedAt">When it was defined first; null for the system's own.</param>
/// <param name="ChangedAt">When its definition changed last; null for the system's own.</param>
public sealed record MetricView(
    string Key, MetricDefinition Definition, long Version, bool System, bool Archived, DateTimeOffset? DefinedAt, DateTimeOffset? ChangedAt);
