using System.Buffers;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Exposures.Privacy;
using Delivery.Segments;
using Delivery.Segments.Intake;

namespace Delivery.Exposures.Intake.Served;

/// <summary>Writes evaluations as rows. Its buffers are used again, and the texts that most rows share are encoded once; for one thread at a time.</summary>
/// <param name="source">The rows' source.</param>
internal sealed class ServedWriter(string source) : IDisposable
{
    private const int LargestAttributes = 16 * 1024;

    /// <summary>Flags, variants and rules that come and go must not fill the memory.</summary>
    private const int MostTexts = 10_000;

    private static readonly byte[][] Reasons =
        [.. Enum.GetValues<EvaluationReason>().Select(reason => Encoding.UTF8.GetBytes(JsonNamingPolicy.SnakeCaseUpper.ConvertName(reason.ToString())))];

    private readonly byte[] _source = Encoding.UTF8.GetBytes(source);
    private readonly byte[] _unit = new byte[ExposureRow.LongestUnit];
    private readonly Dictionary<string, byte[]> _texts = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _attributes = new();
    private readonly Utf8JsonWriter _json = new(Stream.Null);

    public void Dispose() => _json.Dispose();

    public void Write(RowBatch rows, in ServedRow row, AttributeFilter filter)
    {
        var result = row.Evaluation.Result;
        new ExposureRow
        {
            Id = row.Id,
            Environment = Text(row.Evaluation.Environment),
            Flag = Text(row.Evaluation.Flag),
            Variant = Text(result.VariantKey),
            Unit = _unit.AsSpan(0, Encoding.UTF8.GetBytes(row.Unit, _unit)),
            UnitKind = Text(row.UnitKind),
            Reason = Reasons[(int)result.Reason],
            RuleId = Text(result.Why.RuleId),
            FlagVersion = result.FlagVersion,
            Sequence = result.Sequence,
            Attributes = filter.Withhold(AttributesOf(row.Evaluation)),
            Time = row.Evaluation.Time,
            Timing = Timing.OnTime,
            Source = _source,
        }.Write(rows);
    }

    private byte[] Text(string? text)
    {
        if (text is null)
            return [];
        if (_texts.TryGetValue(text, out var utf8))
            return utf8;
        if (_texts.Count == MostTexts)
            _texts.Clear();
        return _texts[text] = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Nothing where they can't be kept: the exposure then says that they were not recorded.</summary>
    private ReadOnlySpan<byte> AttributesOf(in ServedEvaluation evaluation)
    {
        _attributes.ResetWrittenCount();
        _json.Reset(_attributes);
        ExposedContext.WriteAttributes(_json, evaluation.Snapshot, evaluation.Flag, evaluation.Context);
        _json.Flush();
        return _attributes.WrittenCount <= LargestAttributes && ElementText.IsStorable(_attributes.WrittenSpan) ? _attributes.WrittenSpan : default;
    }
}
