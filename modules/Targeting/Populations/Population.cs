using Delivery.Evaluation;
using JasperFx.Events;

namespace Delivery.Targeting.Populations;

/// <summary>A segment was written, new or anew.</summary>
internal sealed record SegmentDefined(Segment Segment, string? Description = null, string? Owner = null);

/// <summary>A layer was written, new or anew.</summary>
internal sealed record LayerDefined(Layer Layer, string? Description = null, string? Owner = null);

/// <summary>A holdout was written, new or anew.</summary>
internal sealed record HoldoutDefined(Holdout Holdout, string? Description = null, string? Owner = null);

/// <summary>A segment, layer or holdout was taken away; writing it again brings it back.</summary>
internal sealed record PopulationDeleted(string Key);

/// <summary>
/// A segment, layer or holdout: the state of the stream <c>segment:KEY</c>, <c>layer:KEY</c> or <c>holdout:KEY</c>. Each
/// is the same in every environment; flags decide where they use it.
/// </summary>
internal sealed record Population
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Key { get; init; }
    public Segment? Segment { get; init; }
    public Layer? Layer { get; init; }
    public Holdout? Holdout { get; init; }
    public string? Description { get; init; }
    public string? Owner { get; init; }
    public bool Deleted { get; init; }
    public DateTimeOffset ChangedAt { get; init; }
    public long Sequence { get; init; }
    public int Version { get; set; }

    public static string Stream(string kind, string key) => $"{kind}:{key}";

    public static Population Create(IEvent<SegmentDefined> e) => New("segment", e.Data.Segment.Key).Apply(e);

    public static Population Create(IEvent<LayerDefined> e) => New("layer", e.Data.Layer.Key).Apply(e);

    public static Population Create(IEvent<HoldoutDefined> e) => New("holdout", e.Data.Holdout.Key).Apply(e);

    public Population Apply(IEvent<SegmentDefined> e) =>
        Changed(e) with { Segment = e.Data.Segment with { Version = e.Version }, Description = e.Data.Description, Owner = e.Data.Owner, Deleted = false };

    public Population Apply(IEvent<LayerDefined> e) =>
        Changed(e) with { Layer = e.Data.Layer with { Version = e.Version }, Description = e.Data.Description, Owner = e.Data.Owner, Deleted = false };

    public Population Apply(IEvent<HoldoutDefined> e) =>
        Changed(e) with { Holdout = e.Data.Holdout with { Version = e.Version }, Description = e.Data.Description, Owner = e.Data.Owner, Deleted = false };

    public Population Apply(IEvent<PopulationDeleted> e) => Changed(e) with { Deleted = true };

    /// <summary>The event that would write it as it is.</summary>
    public object Defined() => Defined(Segment, Layer, Holdout, Description, Owner);

    /// <summary>The event that writes one of the three.</summary>
    public static object Defined(Segment? segment, Layer? layer, Holdout? holdout, string? description, string? owner) =>
        segment is not null ? new SegmentDefined(segment with { Version = 0 }, description, owner)
        : layer is not null ? new LayerDefined(layer with { Version = 0 }, description, owner)
        : holdout is not null ? new HoldoutDefined(holdout with { Version = 0 }, description, owner)
        : throw new ArgumentException("one of segment, layer and holdout is written");

    /// <summary>A compiled ruleset with this population as it is now.</summary>
    public Snapshot ApplyTo(Snapshot snapshot)
    {
        if (Deleted)
            return Snapshot.Compile(Without(snapshot.ToRuleset()) with { Sequence = Math.Max(snapshot.Sequence, Sequence) });
        if (Segment is { } segment)
            return snapshot.With(segment, Sequence);
        if (Layer is { } layer)
            return snapshot.With(layer, Sequence);
        return snapshot.With(Holdout!, Sequence);
    }

    /// <summary>A ruleset without this population.</summary>
    public Ruleset Without(Ruleset ruleset) => ruleset with
    {
        Segments = [.. ruleset.Segments.Where(segment => Segment is null || segment.Key != Key)],
        Layers = [.. ruleset.Layers.Where(layer => Layer is null || layer.Key != Key)],
        Holdouts = [.. ruleset.Holdouts.Where(holdout => Holdout is null || holdout.Key != Key)],
    };

    /// <summary>The state after a stream's events; null before the first.</summary>
    public static Population? Fold(IEnumerable<IEvent> events) => events.Aggregate((Population?)null, (population, e) => e switch
    {
        IEvent<SegmentDefined> x => population?.Apply(x) ?? Create(x),
        IEvent<LayerDefined> x => population?.Apply(x) ?? Create(x),
        IEvent<HoldoutDefined> x => population?.Apply(x) ?? Create(x),
        IEvent<PopulationDeleted> x => population?.Apply(x),
        _ => population,
    });

    private static Population New(string kind, string key) => new() { Id = Stream(kind, key), Key = key };

    private Population Changed(IEvent e) => this with { ChangedAt = e.Timestamp, Sequence = e.Sequence, Version = (int)e.Version };
}
