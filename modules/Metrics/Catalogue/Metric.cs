using Delivery.Contracts.Metrics;
using JasperFx.Events;

namespace Delivery.Metrics.Catalogue;

/// <summary>A metric came into the catalogue, or an archived one came back.</summary>
internal sealed record MetricDefined(string Key, MetricDefinition Definition);

/// <summary>A metric measures something else from now on; what was measured before stays what it was.</summary>
internal sealed record MetricRedefined(string Key, MetricDefinition Definition);

/// <summary>A metric was retired: it is not offered any more.</summary>
internal sealed record MetricArchived(string Key);

/// <summary>A metric of the catalogue.</summary>
internal sealed record Metric
{
    /// <summary>The stream's key, <c>metric:KEY</c>.</summary>
    public required string Id { get; init; }

    public required string Key { get; init; }
    public required MetricDefinition Definition { get; init; }
    public bool Archived { get; init; }
    public required DateTimeOffset DefinedAt { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
    public int Version { get; set; }

    public static string Stream(string key) => $"metric:{key}";

    public static Metric Create(IEvent<MetricDefined> e) => new()
    {
        Id = Stream(e.Data.Key),
        Key = e.Data.Key,
        Definition = e.Data.Definition,
        DefinedAt = e.Timestamp,
        ChangedAt = e.Timestamp,
    };

    public Metric Apply(IEvent<MetricDefined> e) => this with { Definition = e.Data.Definition, Archived = false, ChangedAt = e.Timestamp };

    public Metric Apply(IEvent<MetricRedefined> e) => this with { Definition = e.Data.Definition, ChangedAt = e.Timestamp };

    public Metric Apply(IEvent<MetricArchived> e) => this with { Archived = true, ChangedAt = e.Timestamp };

    public MetricView View() => new(Key, Definition, Version, System: false, Archived, DefinedAt, ChangedAt);
}
