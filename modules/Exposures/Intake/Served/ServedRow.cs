using System.Buffers;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Exposures.Privacy;
using Delivery.Segments;
using Delivery.Segments.Intake;

namespace Delivery.Exposures.Intake.Served;

/// <summary>One evaluation with the id it keeps however often its batch is tried.</summary>
internal sealed record ServedRow(Guid Id, ServedEvaluation Evaluation, byte[] Unit, byte[] UnitKind, byte[] Source)
{
    private const int LargestAttributes = 16 * 1024;

    /// <summary>Null where there is nobody to record, or no variant to record.</summary>
    public static ServedRow? Of(in ServedEvaluation evaluation, string source)
    {
        if (evaluation.Result.VariantKey is null)
            return null;
        var (unit, unitKind) = ExposedContext.UnitOf(evaluation.Snapshot, evaluation.Flag, evaluation.Context);
        var key = Encoding.UTF8.GetBytes(unit ?? "");
        return key.Length is 0 or > ExposureRow.LongestUnit || !ElementText.IsStorable(key)
            ? null
            : new ServedRow(Guid.CreateVersion7(evaluation.Time), evaluation, key, Encoding.UTF8.GetBytes(unitKind ?? ""), Encoding.UTF8.GetBytes(source));
    }

    public void Write(RowBatch rows, AttributeFilter filter)
    {
        var result = Evaluation.Result;
        new ExposureRow
        {
            Id = Id,
            Environment = Encoding.UTF8.GetBytes(Evaluation.Environment),
            Flag = Encoding.UTF8.GetBytes(Evaluation.Flag),
            Variant = Encoding.UTF8.GetBytes(result.VariantKey!),
            Unit = Unit,
            UnitKind = UnitKind,
            Reason = Encoding.UTF8.GetBytes(JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString())),
            RuleId = Encoding.UTF8.GetBytes(result.Why.RuleId ?? ""),
            FlagVersion = result.FlagVersion,
            Sequence = result.Sequence,
            Attributes = filter.Withhold(AttributesOf(Evaluation)),
            Time = Evaluation.Time,
            Timing = Timing.OnTime,
            Source = Source,
        }.Write(rows);
    }

    /// <summary>Nothing where they can't be kept: the exposure then says that they were not recorded.</summary>
    private static ReadOnlySpan<byte> AttributesOf(in ServedEvaluation evaluation)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
            ExposedContext.WriteAttributes(writer, evaluation.Snapshot, evaluation.Flag, evaluation.Context);
        return json.WrittenCount <= LargestAttributes && ElementText.IsStorable(json.WrittenSpan) ? json.WrittenSpan : default;
    }
}
