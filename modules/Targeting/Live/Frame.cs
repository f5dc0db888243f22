using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Live;

/// <summary>A server-sent event, serialised once for all connections.</summary>
/// <param name="Ordinal">The change it tells, by the environment's own count; 0 tells no change.</param>
/// <param name="Sequence">The configuration sequence after the change.</param>
/// <param name="Bytes">What goes on the wire.</param>
internal readonly record struct Frame(long Ordinal, long Sequence, ReadOnlyMemory<byte> Bytes)
{
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

    private static byte[] Event(string name, long sequence, ReadOnlySpan<byte> data)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {sequence}\nevent: {name}\ndata: "));
        return [.. head, .. data, (byte)'\n', (byte)'\n'];
    }
}
