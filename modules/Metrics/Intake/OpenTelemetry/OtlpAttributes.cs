using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>Attributes as texts, and as an event's properties.</summary>
internal static class OtlpAttributes
{
    private const int MostProperties = 50;
    private const int LongestKey = 200;
    private const int LongestText = 500;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An attribute's text; a whole number is meant as its digits. Null when it is not there.</summary>
    public static string? Text(IEnumerable<KeyValue> attributes, string key)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Key != key)
                continue;
            return attribute.Value?.ValueCase switch
            {
                AnyValue.ValueOneofCase.StringValue when attribute.Value.StringValue.Length > 0 => attribute.Value.StringValue,
                AnyValue.ValueOneofCase.IntValue => attribute.Value.IntValue.ToString(CultureInfo.InvariantCulture),
                _ => null,
            };
        }

        return null;
    }

    /// <summary>
    /// The first 50 texts, numbers and booleans, without those that stand in columns of their own; a text is cut at 500 bytes. Lists,
    /// bytes and what no text can hold are left out.
    /// </summary>
    public static ReadOnlyMemory<byte> Properties(IEnumerable<KeyValue> attributes, IReadOnlyCollection<string> without)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        var names = new HashSet<string>(StringComparer.Ordinal);
        using (var writer = new Utf8JsonWriter(bytes, Plain))
        {
            writer.WriteStartObject();
            foreach (var attribute in attributes)
            {
                if (names.Count < MostProperties && IsName(attribute.Key) && !without.Contains(attribute.Key) && !names.Contains(attribute.Key)
                    && TryWrite(writer, attribute))
                    names.Add(attribute.Key);
            }

            writer.WriteEndObject();
        }

        return names.Count == 0 ? default : bytes.WrittenMemory;
    }

    private static bool IsName(string key) => key.Length is > 0 and <= LongestKey && Encoding.UTF8.GetByteCount(key) <= LongestKey && IsStorable(key);

    /// <summary>PostgreSQL has no place for U+0000, nor UTF-8 for half a surrogate pair.</summary>
    private static bool IsStorable(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }

    private static bool TryWrite(Utf8JsonWriter writer, KeyValue attribute)
    {
        switch (attribute.Value?.ValueCase)
        {
            case AnyValue.ValueOneofCase.StringValue when IsStorable(attribute.Value.StringValue):
                writer.WriteString(attribute.Key, Cut(attribute.Value.StringValue));
                return true;
            case AnyValue.ValueOneofCase.IntValue:
                writer.WriteNumber(attribute.Key, attribute.Value.IntValue);
                return true;
            case AnyValue.ValueOneofCase.DoubleValue when attribute.Value.DoubleValue is > -1e27 and < 1e27:
                writer.WriteNumber(attribute.Key, (decimal)attribute.Value.DoubleValue);
                return true;
            case AnyValue.ValueOneofCase.BoolValue:
                writer.WriteBoolean(attribute.Key, attribute.Value.BoolValue);
                return true;
            default:
                return false;
        }
    }

    private static string Cut(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) <= LongestText)
            return text;
        var cut = new StringBuilder();
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > LongestText)
                break;
            cut.Append(rune);
        }

        return cut.ToString();
    }
}
