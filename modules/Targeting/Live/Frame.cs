using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Targeting.Populations;
using JasperFx.Events;

namespace Delivery.Targeting.Live;

/// <summary>A server-sent event, serialised once for all connections.</summary>
/// <param name="Ordinal">The change it tells, by the environment's own count; 0 tells no change.</param>
/// <param name="Sequence">The configuration sequence after the change.</param>
/// <param name="Bytes">What goes on the wire.</param>
internal readonly record struct Frame(long Ordinal, long Sequence, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whether a client key can notice the change.</summary>
    public bool ForClients { get; init; } = true;

    private static readonly Frame Beat = new(0, 0, ": \n\n"u8.ToArray());

    /// <summary>A comment that keeps connections open and shows broken ones.</summary>
    public static Frame Heartbeat => Beat;

    public static Frame Ruleset(EnvironmentState state) => new(state.Ordinal, state.Sequence, Event("ruleset", state.Sequence, state.RulesetJson));

    public static Frame Flag(long ordinal, long sequence, FlagDefinition flag)
    {
        var data = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(data))
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", sequence);
            json.WritePropertyName("flag");
            JsonSerializer.Serialize(json, flag, Evaluation.RulesetJson.Default.FlagDefinition);
            json.WriteEndObject();
        }

        return new Frame(ordinal, sequence, Event("flag", sequence, data.WrittenSpan));
    }

    /// <summary>A change of a segment, layer or holdout: what changed, not the lists that did not.</summary>
    public static Frame Part(long ordinal, long sequence, Population population, IEvent e)
    {
        var data = new ArrayBufferWriter<byte>(1_024);
        string name;
        using (var json = new Utf8JsonWriter(data))
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", sequence);
            name = WritePart(json, population, e);
            json.WriteEndObject();
        }

        return new Frame(ordinal, sequence, Event(name, sequence, data.WrittenSpan));
    }

    private static string WritePart(Utf8JsonWriter json, Population population, IEvent e)
    {
        switch (e.Data)
        {
            case SegmentDefined defined:
                json.WriteBoolean("keepsMembers", defined.KeepsMembers);
                json.WritePropertyName("segment");
                JsonSerializer.Serialize(json, defined.Segment with { Version = population.Version }, Evaluation.RulesetJson.Default.Segment);
                return "segment";
            case SegmentMembersAdded added:
                WriteMembers(json, population, added.List, "added", added.Units);
                return "segment-members";
            case SegmentMembersRemoved removed:
                WriteMembers(json, population, removed.List, "removed", removed.Units);
                return "segment-members";
            case LayerDefined:
                json.WritePropertyName("layer");
                JsonSerializer.Serialize(json, population.Layer!, Evaluation.RulesetJson.Default.Layer);
                return "layer";
            case HoldoutDefined:
                json.WritePropertyName("holdout");
                JsonSerializer.Serialize(json, population.Holdout!, Evaluation.RulesetJson.Default.Holdout);
                return "holdout";
            case PopulationDeleted:
                json.WriteString("kind", population.Id.AsSpan(0, population.Id.IndexOf(':', StringComparison.Ordinal)));
                json.WriteString("key", population.Key);
                return "population-deleted";
            default:
                throw new InvalidOperationException($"no frame for {e.Data.GetType().Name}");
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, Population population, SegmentList list, string change, IReadOnlyList<string> units)
    {
        json.WriteString("key", population.Key);
        json.WriteNumber("version", population.Version);
        json.WriteString("list", list == SegmentList.Included ? "included" : "excluded");
        json.WriteStartArray(change);
        foreach (var unit in units)
            json.WriteStringValue(unit);
        json.WriteEndArray();
    }

    private static byte[] Event(string name, long sequence, ReadOnlySpan<byte> data)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {sequence}\nevent: {name}\ndata: "));
        return [.. head, .. data, (byte)'\n', (byte)'\n'];
    }
}
