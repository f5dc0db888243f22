using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Client.Reporting;

/// <summary>An exposure as the hot path leaves it: references only. What the ledger needs is worked out when it is sent.</summary>
internal readonly record struct ExposureRecord(string Flag, EvaluationResult Result, EvaluationContext Context, Snapshot Snapshot, long TimeTicks)
{
    private static readonly JsonEncodedText[] Reasons =
        [.. new[] { "STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "DEFAULT", "ERROR" }.Select(word => JsonEncodedText.Encode(word))];

    internal static void Write(Utf8JsonWriter json, in ExposureRecord record, Guid id)
    {
        var (unit, unitKind) = UnitOf(record);
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("flag"u8, record.Flag);
        json.WriteString("variant"u8, record.Result.VariantKey);
        json.WriteString("unit"u8, unit);
        if (unitKind is not null)
            json.WriteString("unitKind"u8, unitKind);
        json.WriteString("reason"u8, Reasons[(int)record.Result.Reason]);
        if (record.Result.Why.RuleId is { } rule)
            json.WriteString("ruleId"u8, rule);
        json.WriteNumber("flagVersion"u8, record.Result.FlagVersion);
        json.WriteNumber("sequence"u8, record.Result.Sequence);
        WriteAttributes(json, record);
        json.WriteString("time"u8, new DateTimeOffset(record.TimeTicks, TimeSpan.Zero));
        json.WriteEndObject();
    }

    /// <summary>
    /// The unit of the flag's first split, so that all arms of a flag count the same kind of unit; the targeting key where
    /// the flag has no split or the context lacks the attribute.
    /// </summary>
    private static (string? Unit, string? UnitKind) UnitOf(in ExposureRecord record)
    {
        foreach (var rule in record.Snapshot.Definition(record.Flag)?.Rules ?? [])
        {
            if (rule.Serve is not Serve.Split { Assignment.UnitAttribute: var attribute })
                continue;
            if (attribute != Attributes.TargetingKey && record.Context.TryGet(attribute, out var value) && !value.IsMissingOrNull)
                return (value.ToString(), attribute);
            break;
        }

        return (record.Context.TargetingKey, null);
    }

    /// <summary>
    /// Always written, also empty: "nothing the rules read was there" lets the server derive the exposure again, a missing
    /// member would not.
    /// </summary>
    private static void WriteAttributes(Utf8JsonWriter json, in ExposureRecord record)
    {
        var read = record.Snapshot.AttributesReadBy(record.Flag);
        var all = read.Contains(AttributesRead.Any);
        var written = new HashSet<string>(StringComparer.Ordinal);
        json.WriteStartObject("attributes"u8);
        foreach (var name in all ? record.Context.AttributeNames.ToArray() : read)
        {
            if (name == Attributes.TargetingKey || !Find(record.Context, name, out var found, out var value) || !written.Add(found))
                continue;
            json.WritePropertyName(found);
            value.WriteTo(json);
        }

        json.WriteEndObject();
    }

    /// <summary>A rule may read a path (<c>company.plan</c>); the exposure then keeps the whole object.</summary>
    private static bool Find(EvaluationContext context, string name, out string found, out AttributeValue value)
    {
        found = name;
        if (context.TryGet(name, out value))
            return true;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0)
            return false;
        found = name[..dot];
        return context.TryGet(found, out value);
    }
}
