using System.Buffers;
using System.IO.Hashing;
using System.Text.Encodings.Web;
using System.Text.Json;
using Delivery.Segments.Intake;

namespace Delivery.Metrics.Intake;

/// <summary>Checks a small object of an event and writes it again in one way: no spaces, no needless escapes. Reused for one event after another.</summary>
internal sealed class ObjectCopy
{
    private const int MostProperties = 50;
    private const int MostFlags = 100;
    private const int LongestKey = 200;
    private const int LongestText = 500;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _bytes = new(256);
    private readonly HashSet<ulong> _names = [];

    /// <summary>A flat object of texts, numbers, booleans and nulls.</summary>
    public bool TryProperties(scoped ref Utf8JsonReader value, Span<byte> scratch, out ReadOnlySpan<byte> json)
    {
        json = default;
        if (value.TokenType != JsonTokenType.StartObject)
            return false;
        using var writer = Start();
        while (value.Read() && value.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryName(ref value, scratch, MostProperties, writer) || !value.Read() || !TryScalar(ref value, scratch, writer))
                return false;
        }

        json = End(writer);
        return true;
    }

    /// <summary><c>{ "FLAG": { "variant": "KEY", "version": 7 } }</c>.</summary>
    public bool TryFlags(scoped ref Utf8JsonReader value, Span<byte> scratch, out ReadOnlySpan<byte> json)
    {
        json = default;
        if (value.TokenType != JsonTokenType.StartObject)
            return false;
        using var writer = Start();
        while (value.Read() && value.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryName(ref value, scratch, MostFlags, writer) || !value.Read() || !TryEvaluation(ref value, scratch, writer))
                return false;
        }

        json = End(writer);
        return true;
    }

    private static bool TryEvaluation(scoped ref Utf8JsonReader value, Span<byte> scratch, Utf8JsonWriter writer)
    {
        if (value.TokenType != JsonTokenType.StartObject)
            return false;
        var variant = ReadOnlySpan<byte>.Empty;
        var version = -1L;
        while (value.Read() && value.TokenType == JsonTokenType.PropertyName)
        {
            if (value.ValueTextEquals("variant"u8) && variant.IsEmpty)
            {
                value.Read();
                if (!ElementText.TryRead(ref value, scratch[..LongestKey], out variant) || variant.IsEmpty)
                    return false;
            }
            else if (value.ValueTextEquals("version"u8) && version < 0)
            {
                value.Read();
                if (value.TokenType != JsonTokenType.Number || !value.TryGetInt64(out version) || version < 0)
                    return false;
            }
            else
            {
                return false;
            }
        }

        if (variant.IsEmpty || version < 0)
            return false;
        writer.WriteStartObject();
        writer.WriteString("variant"u8, variant);
        writer.WriteNumber("version"u8, version);
        writer.WriteEndObject();
        return true;
    }

    private static bool TryScalar(scoped ref Utf8JsonReader value, Span<byte> scratch, Utf8JsonWriter writer)
    {
        switch (value.TokenType)
        {
            case JsonTokenType.String when ElementText.TryRead(ref value, scratch[..LongestText], out var text):
                writer.WriteStringValue(text);
                return true;
            case JsonTokenType.Number when value.TryGetDecimal(out var number):
                writer.WriteNumberValue(number);
                return true;
            case JsonTokenType.True or JsonTokenType.False:
                writer.WriteBooleanValue(value.TokenType == JsonTokenType.True);
                return true;
            case JsonTokenType.Null:
                writer.WriteNullValue();
                return true;
            default:
                return false;
        }
    }

    private Utf8JsonWriter Start()
    {
        _bytes.ResetWrittenCount();
        _names.Clear();
        var writer = new Utf8JsonWriter(_bytes, Plain);
        writer.WriteStartObject();
        return writer;
    }

    private bool TryName(scoped ref Utf8JsonReader value, Span<byte> scratch, int most, Utf8JsonWriter writer)
    {
        if (!ElementText.TryRead(ref value, scratch[..LongestKey], out var name) || name.IsEmpty
            || !_names.Add(XxHash3.HashToUInt64(name)) || _names.Count > most)
            return false;
        writer.WritePropertyName(name);
        return true;
    }

    private ReadOnlySpan<byte> End(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.Flush();
        return _bytes.WrittenSpan;
    }
}
