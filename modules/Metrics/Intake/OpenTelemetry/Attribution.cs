using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>What an element of OTLP says about whom it concerns.</summary>
internal sealed record Attribution
{
    private const int LongestKey = 200;

    /// <summary>The unit's key; null when nobody is named.</summary>
    public string? Unit { get; private init; }

    /// <summary>The environment that is named as the flag set; null when none is.</summary>
    public string? Environment { get; private init; }

    /// <summary>The element's own attributes name flag, variant and version: what the request ran with.</summary>
    public IReadOnlyDictionary<string, (string Variant, long Version)> Tagged { get; private init; } = new Dictionary<string, (string, long)>();

    /// <summary>The evaluations among its events.</summary>
    public IReadOnlyDictionary<string, (string Variant, long Version)> Evaluated { get; private init; } = new Dictionary<string, (string, long)>();

    /// <summary>A flag and its variant are named, but no version: nobody can tell the epoch, unless the unit's exposures do.</summary>
    public bool LacksVersion { get; private init; }

    /// <summary>Reads it from a span: its attributes, its events, its resource.</summary>
    public static Attribution Of(Span span, Resource? resource, IReadOnlyList<string> unitNames)
    {
        var evaluations = span.Events.Where(e => e.Name is "feature_flag.evaluation" or "feature_flag").ToList();
        var evaluated = new Dictionary<string, (string, long)>(StringComparer.Ordinal);
        var lacks = false;
        foreach (var evaluation in evaluations)
            lacks |= !TryFlag(evaluation.Attributes, evaluated);
        var own = Of(span.Attributes, resource, unitNames);
        return own with
        {
            Unit = Named(span.Attributes, unitNames) ?? evaluations.Select(e => Named(e.Attributes, unitNames)).FirstOrDefault(unit => unit is not null) ?? own.Unit,
            Environment = own.Environment ?? evaluations.Select(e => OtlpAttributes.Text(e.Attributes, "feature_flag.set.id")).FirstOrDefault(set => set is not null),
            Evaluated = evaluated,
            LacksVersion = own.LacksVersion || lacks,
        };
    }

    /// <summary>Reads it from a data point: its attributes, its resource.</summary>
    public static Attribution Of(IReadOnlyCollection<KeyValue> attributes, Resource? resource, IReadOnlyList<string> unitNames)
    {
        var tagged = new Dictionary<string, (string, long)>(StringComparer.Ordinal);
        var lacks = !TryFlag(attributes, tagged);
        return new Attribution
        {
            Unit = Named(attributes, unitNames) ?? (resource is null ? null : Named(resource.Attributes, unitNames)),
            Environment = OtlpAttributes.Text(attributes, "feature_flag.set.id"),
            Tagged = tagged,
            LacksVersion = lacks,
        };
    }

    /// <summary>The column <c>flags</c>, as the platform's own events have it.</summary>
    public static ReadOnlyMemory<byte> Json(IReadOnlyDictionary<string, (string Variant, long Version)> flags)
    {
        var bytes = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            foreach (var (flag, (variant, version)) in flags.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                writer.WriteStartObject(flag);
                writer.WriteString("variant", variant);
                writer.WriteNumber("version", version);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return bytes.WrittenMemory;
    }

    private static string? Named(IEnumerable<KeyValue> attributes, IReadOnlyList<string> unitNames) =>
        unitNames.Select(name => OtlpAttributes.Text(attributes, name)).FirstOrDefault(unit => unit is not null);

    /// <summary>False when a flag's variant is named without the version.</summary>
    private static bool TryFlag(IReadOnlyCollection<KeyValue> attributes, Dictionary<string, (string, long)> flags)
    {
        if (OtlpAttributes.Text(attributes, "feature_flag.key") is not { Length: <= LongestKey } flag
            || (OtlpAttributes.Text(attributes, "feature_flag.result.variant") ?? OtlpAttributes.Text(attributes, "feature_flag.variant")) is not { Length: <= LongestKey } variant)
            return true;
        if (flag.Contains('\0', StringComparison.Ordinal) || variant.Contains('\0', StringComparison.Ordinal))
            return true; // PostgreSQL can't hold it.
        if (!long.TryParse(OtlpAttributes.Text(attributes, "feature_flag.version"), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            return false;
        flags[flag] = (variant, version);
        return true;
    }
}
