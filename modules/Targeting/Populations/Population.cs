using System.Text.Json.Serialization;
using Delivery.Evaluation;
using JasperFx.Events;

namespace Delivery.Targeting.Populations;

/// <summary>A segment was written, new or anew.</summary>
/// <param name="KeepsMembers">True: its lists stay as they are, and those here are empty. False: those here are its lists.</param>
internal sealed record SegmentDefined(Segment Segment, string? Description = null, string? Owner = null, bool KeepsMembers = false);

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

    /// <summary>What the segment is. Its lists are not here but in <see cref="Members"/>; only states of old have them.</summary>
    public Segment? Segment { get; init; }

    /// <summary>Who is in the segment's lists. Not stored with the state: whole only where it was folded from the events.</summary>
    [JsonIgnore]
    public SegmentMembers Members { get; init; } = SegmentMembers.None;

    public int IncludedCount { get; init; }
    public int ExcludedCount { get; init; }

    /// <summary>The version from which on the events tell the lists.</summary>
    public long MembersFrom { get; init; }

    public Layer? Layer { get; init; }
    public Holdout? Holdout { get; init; }
    public string? Description { get; init; }
    public string? Owner { get; init; }
    public bool Deleted { get; init; }
    public DateTimeOffset ChangedAt { get; init; }
    public long Sequence { get; init; }
    public int Version { get; set; }

    /// <summary>The segment with its lists, as the engine takes it.</summary>
    [JsonIgnore]
    public Segment? Whole => Segment is null ? null : Segment with { Included = Members.Included, Excluded = Members.Excluded, Version = Version };

    /// <summary>Whether the events have lists that this state, as it was stored, has not.</summary>
    [JsonIgnore]
    public bool HasMembers => Segment is not null && IncludedCount + ExcludedCount + Segment.Included.Count + Segment.Excluded.Count > 0;

    public static string Stream(string kind, string key) => $"{kind}:{key}";

    public static Population Create(IEvent<SegmentDefined> e) => New("segment", e.Data.Segment.Key).Apply(e);

    public static Population Create(IEvent<LayerDefined> e) => New("layer", e.Data.Layer.Key).Apply(e);

    public static Population Create(IEvent<HoldoutDefined> e) => New("holdout", e.Data.Holdout.Key).Apply(e);

    public Population Apply(IEvent<SegmentDefined> e)
    {
        var written = e.Data.Segment;
        var defined = Changed(e) with
        {
            Segment = written with { Included = [], Excluded = [], Version = e.Version },
            Description = e.Data.Description,
            Owner = e.Data.Owner,
            Deleted = false,
        };
        return e.Data.KeepsMembers
            ? defined
            : defined with
            {
                Members = SegmentMembers.Of(written),
                IncludedCount = written.Included.Count,
                ExcludedCount = written.Excluded.Count,
                MembersFrom = e.Version,
            };
    }

    public Population Apply(IEvent<SegmentMembersAdded> e) => Counted(e, e.Data.List, e.Data.Units.Count) with { Members = Members.With(e.Data) };

    public Population Apply(IEvent<SegmentMembersRemoved> e) => Counted(e, e.Data.List, -e.Data.Units.Count) with { Members = Members.With(e.Data) };

    public Population Apply(IEvent<LayerDefined> e) =>
        Changed(e) with { Layer = e.Data.Layer with { Version = e.Version }, Description = e.Data.Description, Owner = e.Data.Owner, Deleted = false };

    public Population Apply(IEvent<HoldoutDefined> e) =>
        Changed(e) with { Holdout = e.Data.Holdout with { Version = e.Version }, Description = e.Data.Description, Owner = e.Data.Owner, Deleted = false };

    public Population Apply(IEvent<PopulationDeleted> e) => Changed(e) with { Deleted = true };

    /// <summary>A compiled ruleset with this population as it is now.</summary>
    public Snapshot ApplyTo(Snapshot snapshot)
    {
        if (Deleted)
            return Segment is not null ? snapshot.WithoutSegment(Key, Sequence)
                : Layer is not null ? snapshot.WithoutLayer(Key, Sequence)
                : snapshot.WithoutHoldout(Key, Sequence);
        if (Whole is { } segment)
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
    public static Population? Fold(IEnumerable<IEvent> events) => events.Aggregate((Population?)null, Fold);

    /// <summary>The state after one more event.</summary>
    public static Population? Fold(Population? population, IEvent e) => e switch
    {
        IEvent<SegmentDefined> x => population?.Apply(x) ?? Create(x),
        IEvent<LayerDefined> x => population?.Apply(x) ?? Create(x),
        IEvent<HoldoutDefined> x => population?.Apply(x) ?? Create(x),
        IEvent<SegmentMembersAdded> x => population?.Apply(x),
        IEvent<SegmentMembersRemoved> x => population?.Apply(x),
        IEvent<PopulationDeleted> x => population?.Apply(x),
        _ => population,
    };

    private static Population New(string kind, string key) => new() { Id = Stream(kind, key), Key = key };

    private Population Counted(IEvent e, SegmentList list, int more) => list == SegmentList.Included
        ? Changed(e) with { IncludedCount = IncludedCount + more }
        : Changed(e) with { ExcludedCount = ExcludedCount + more };

    private Population Changed(IEvent e) => this with { ChangedAt = e.Timestamp, Sequence = e.Sequence, Version = (int)e.Version };
}
