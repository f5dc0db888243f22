using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Exposures.Privacy;

/// <summary>
/// Takes from one request's attributes what must not be kept: those that no rule of the flag's version reads, and those that the
/// environment hashes or omits. What it can't judge (a flag or version it has never seen) is kept: the SDK sends only what rules read,
/// and an exposure of something unknown is a fault that someone has to find.
/// </summary>
internal sealed class AttributeFilter(
    string environment, Snapshot? live, AttributesKnown known, IReadOnlyDictionary<string, AttributeHandling> handling, byte[]? hashKey)
{
    private readonly Dictionary<(string Flag, long Version), FrozenSet<string>?> _read = [];
    private readonly ArrayBufferWriter<byte> _rewritten = new();
    private byte[] _lastFlag = [];
    private long _lastVersion = -1;
    private FrozenSet<string>? _lastRead;

    /// <summary>What is kept of the attributes of an exposure.</summary>
    /// <param name="flag">The flag's key.</param>
    /// <param name="version">The flag's version.</param>
    /// <param name="attributes">A JSON object.</param>
    /// <returns>The same bytes where all is kept; otherwise bytes that are valid until the next call.</returns>
    public ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> flag, long version, ReadOnlySpan<byte> attributes)
    {
        if (attributes.Length <= 2)
            return attributes;
        var read = ReadBy(flag, version);
        return (read is null && handling.Count == 0) || IsKeptWhole(attributes, read) ? attributes : Rewrite(attributes, read);
    }

    /// <summary>What the environment hashes or omits, of attributes that a rule reads.</summary>
    public ReadOnlySpan<byte> Withhold(ReadOnlySpan<byte> attributes) =>
        handling.Count == 0 || attributes.IsEmpty || IsKeptWhole(attributes, null) ? attributes : Rewrite(attributes, null);

    /// <summary>A request is mostly about one flag after the other: the last one is told without a string.</summary>
    private FrozenSet<string>? ReadBy(ReadOnlySpan<byte> flag, long version)
    {
        if (version == _lastVersion && flag.SequenceEqual(_lastFlag))
            return _lastRead;
        var key = (Encoding.UTF8.GetString(flag), version);
        if (!_read.TryGetValue(key, out var read))
            _read[key] = read = known.Of(environment, live, key.Item1, version);
        (_lastFlag, _lastVersion, _lastRead) = (flag.ToArray(), version, read);
        return read;
    }

    private bool IsKeptWhole(ReadOnlySpan<byte> attributes, FrozenSet<string>? read)
    {
        var json = new Utf8JsonReader(attributes);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if ((read is not null && !IsRead(read, in json)) || (handling.Count > 0 && handling.ContainsKey(json.GetString()!)))
                return false;
            json.Read();
            json.Skip();
        }

        return true;
    }

    private static bool IsRead(FrozenSet<string> read, in Utf8JsonReader name)
    {
        const int Short = 128;
        if (name.ValueIsEscaped || name.ValueSpan.Length > Short)
            return read.Contains(name.GetString()!);
        Span<char> text = stackalloc char[Short];
        return read.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text[..Encoding.UTF8.GetChars(name.ValueSpan, text)]);
    }

    private ReadOnlySpan<byte> Rewrite(ReadOnlySpan<byte> attributes, FrozenSet<string>? read)
    {
        _rewritten.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_rewritten))
        {
            var json = new Utf8JsonReader(attributes);
            json.Read();
            writer.WriteStartObject();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString()!;
                json.Read();
                var start = (int)json.TokenStartIndex;
                json.Skip();
                var value = attributes[start..(int)json.BytesConsumed];
                if (read?.Contains(name) == false)
                    continue;
                writer.WritePropertyName(name);
                if (handling.TryGetValue(name, out var how))
                    Withheld.Write(writer, how, hashKey, environment, name, value);
                else
                    writer.WriteRawValue(value, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return _rewritten.WrittenSpan;
    }
}
