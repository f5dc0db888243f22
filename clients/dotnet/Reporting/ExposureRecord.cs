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
        var (unit, unitKind) = ExposedContext.UnitOf(record.Snapshot, record.Flag, record.Context);
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
        json.WritePropertyName("attributes"u8);
        ExposedContext.WriteAttributes(json, record.Snapshot, record.Flag, record.Context);
        json.WriteString("time"u8, new DateTimeOffset(record.TimeTicks, TimeSpan.Zero));
        json.WriteEndObject();
    }
}
