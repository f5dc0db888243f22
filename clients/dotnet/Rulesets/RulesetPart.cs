using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Client.Rulesets;

/// <summary>A change of a segment, layer or holdout as the stream tells it.</summary>
internal abstract record RulesetPart
{
    private RulesetPart()
    {
    }

    /// <summary>A segment; its lists stay as they are, or are those here.</summary>
    internal sealed record SegmentDefined(Segment Segment, bool KeepsMembers) : RulesetPart;

    /// <summary>Units that were added to a segment's list, or removed from it.</summary>
    internal sealed record SegmentMembers(string Key, long Version, bool Excluded, IReadOnlyList<string> Added, IReadOnlyList<string> Removed) : RulesetPart;

    /// <summary>A layer.</summary>
    internal sealed record LayerDefined(Layer Layer) : RulesetPart;

    /// <summary>A holdout.</summary>
    internal sealed record HoldoutDefined(Holdout Holdout) : RulesetPart;

    /// <summary>A segment, layer or holdout that is gone.</summary>
    internal sealed record Deleted(string Kind, string Key) : RulesetPart;

    /// <summary>Null for a kind this version does not know.</summary>
    /// <exception cref="JsonException">The message is not what its kind says.</exception>
    internal static RulesetPart? Parse(string kind, JsonElement json) => kind switch
    {
        "segment" => new SegmentDefined(
            Member(json, "segment").Deserialize(RulesetJson.Default.Segment) ?? throw Wrong("segment"),
            json.TryGetProperty("keepsMembers", out var keeps) && keeps.ValueKind == JsonValueKind.True),
        "segment-members" => new SegmentMembers(
            Text(json, "key"), Member(json, "version").GetInt64(), Text(json, "list") == "excluded", Units(json, "added"), Units(json, "removed")),
        "layer" => new LayerDefined(Member(json, "layer").Deserialize(RulesetJson.Default.Layer) ?? throw Wrong("layer")),
        "holdout" => new HoldoutDefined(Member(json, "holdout").Deserialize(RulesetJson.Default.Holdout) ?? throw Wrong("holdout")),
        "population-deleted" => new Deleted(Text(json, "kind"), Text(json, "key")),
        _ => null,
    };

    /// <summary>A snapshot with this change; the same one if it has it. Null if a change before it is missing.</summary>
    internal Snapshot? ApplyTo(Snapshot snapshot, long sequence) => this switch
    {
        SegmentDefined defined => Define(snapshot, sequence, defined),
        SegmentMembers members => Change(snapshot, sequence, members),
        LayerDefined layer => snapshot.With(layer.Layer, sequence),
        HoldoutDefined holdout => snapshot.With(holdout.Holdout, sequence),
        Deleted { Kind: "segment" } deleted => snapshot.WithoutSegment(deleted.Key, sequence),
        Deleted { Kind: "layer" } deleted => snapshot.WithoutLayer(deleted.Key, sequence),
        Deleted deleted => snapshot.WithoutHoldout(deleted.Key, sequence),
        _ => throw new InvalidOperationException("no such part"),
    };

    private static Snapshot? Define(Snapshot snapshot, long sequence, SegmentDefined defined)
    {
        var held = snapshot.Segment(defined.Segment.Key);
        if (held is not null && held.Version >= defined.Segment.Version)
            return snapshot;
        if (!defined.KeepsMembers)
            return snapshot.With(defined.Segment, sequence);
        return held is null ? null : snapshot.With(defined.Segment with { Included = held.Included, Excluded = held.Excluded }, sequence);
    }

    private static Snapshot? Change(Snapshot snapshot, long sequence, SegmentMembers members)
    {
        if (snapshot.Segment(members.Key) is not { } held || held.Version < members.Version - 1)
            return null;
        if (held.Version >= members.Version)
            return snapshot;
        var list = UnitList.Of(members.Excluded ? held.Excluded : held.Included).Without(members.Removed).With(members.Added);
        var changed = members.Excluded ? held with { Excluded = list } : held with { Included = list };
        return snapshot.With(changed with { Version = members.Version }, sequence);
    }

    private static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : throw Wrong(name);

    private static string Text(JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : throw Wrong(name);

    private static string[] Units(JsonElement json, string name) =>
        json.TryGetProperty(name, out var units) ? [.. units.EnumerateArray().Select(unit => unit.GetString()!)] : [];

    private static JsonException Wrong(string name) => new($"The change has no {name} as it should.");
}
