using System.Text.Json;

namespace Delivery.Client.Reporting;

/// <summary>A metric event that waits to be sent.</summary>
internal readonly record struct EventRecord
{
    internal required string Name { get; init; }

    internal required string Unit { get; init; }

    internal decimal? Value { get; init; }

    internal TimeSpan? Duration { get; init; }

    internal bool? Error { get; init; }

    internal required DateTimeOffset Time { get; init; }

    internal IReadOnlyDictionary<string, string>? Properties { get; init; }

    /// <summary>The flags that were evaluated in the request the event belongs to.</summary>
    internal ServedFlag[]? Flags { get; init; }

    internal static void Write(Utf8JsonWriter json, in EventRecord record, Guid id)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("name"u8, record.Name);
        json.WriteString("unit"u8, record.Unit);
        if (record.Value is { } value)
            json.WriteNumber("value"u8, value);
        if (record.Duration is { } duration)
            json.WriteNumber("durationMs"u8, duration.TotalMilliseconds);
        if (record.Error is { } error)
            json.WriteBoolean("error"u8, error);
        json.WriteString("time"u8, record.Time);
        WriteProperties(json, record.Properties);
        WriteFlags(json, record.Flags);
        json.WriteEndObject();
    }

    private static void WriteProperties(Utf8JsonWriter json, IReadOnlyDictionary<string, string>? properties)
    {
        if (properties is not { Count: > 0 })
            return;
        json.WriteStartObject("properties"u8);
        foreach (var (name, value) in properties)
            json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static void WriteFlags(Utf8JsonWriter json, ServedFlag[]? flags)
    {
        if (flags is not { Length: > 0 })
            return;
        json.WriteStartObject("flags"u8);
        foreach (var flag in flags)
        {
            json.WriteStartObject(flag.Flag);
            json.WriteString("variant"u8, flag.Variant);
            json.WriteNumber("version"u8, flag.Version);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}

/// <summary>What a request was served.</summary>
internal readonly record struct ServedFlag(string Flag, string Variant, long Version);
