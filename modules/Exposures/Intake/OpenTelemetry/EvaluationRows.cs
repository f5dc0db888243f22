using System.Globalization;
using System.Text;
using Delivery.Contracts.Commands;
using Delivery.Otlp;
using Delivery.Segments;

namespace Delivery.Exposures.Intake.OpenTelemetry;

/// <summary>Turns one request's flag evaluations into rows, and says why one is none.</summary>
internal sealed class EvaluationRows(OtlpRequest request, ExposureOptions options, RowBatch rows)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Writes the evaluation's row, or nothing.</summary>
    /// <param name="evaluation">What was told.</param>
    /// <param name="environment">Where it belongs.</param>
    /// <param name="source">Who told it.</param>
    /// <returns>What is wrong with it, by the attribute's name; null when its row was written.</returns>
    public FieldError? Add(FlagEvaluation evaluation, string environment, string source)
    {
        if (!TryText(evaluation.Key, ExposureRow.LongestKey, out var flag))
            return new FieldError("feature_flag.key", $"a flag's key of 1 to {ExposureRow.LongestKey} bytes");
        if (!TryText(evaluation.Variant, ExposureRow.LongestKey, out var variant))
            return new FieldError("feature_flag.result.variant", $"the variant's key of 1 to {ExposureRow.LongestKey} bytes: a value alone does not tell which variant it was");
        if (!TryText(evaluation.Unit, ExposureRow.LongestUnit, out var unit))
            return new FieldError("feature_flag.context.id", $"the unit's key, 1 to {ExposureRow.LongestUnit} bytes: without it nobody can say who was exposed");
        if (!TryText(evaluation.Reason ?? "UNKNOWN", ExposureRow.LongestReason, out var reason))
            return new FieldError("feature_flag.result.reason", $"1 to {ExposureRow.LongestReason} bytes");
        if (evaluation.TimeUnixNano is 0 or > long.MaxValue)
            return new FieldError("timeUnixNano", "when it happened, in nanoseconds since 1970");
        var time = DateTimeOffset.UnixEpoch.AddTicks((long)(evaluation.TimeUnixNano / 100));
        var place = Encoding.UTF8.GetBytes(environment);
        new ExposureRow
        {
            Id = IdOf(evaluation, place, flag, unit, variant),
            Environment = place,
            Flag = flag,
            Variant = variant,
            Unit = unit,
            // The conventions write reasons in lower case, OpenFeature and our SDK in upper case: a question finds both.
            Reason = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(reason).ToUpperInvariant()),
            FlagVersion = long.TryParse(evaluation.Version, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0,
            Sequence = 0, // OpenTelemetry has no word for it.
            Time = time,
            Timing = options.TimingOf(time, request.ReceivedAt),
            Source = Encoding.UTF8.GetBytes(source),
        }.Write(rows);
        return null;
    }

    /// <summary>
    /// OTLP numbers no batches and gives records no id, so what names an exposure is made from what was recorded: told again, it
    /// is the same one.
    /// </summary>
    private static Guid IdOf(FlagEvaluation evaluation, ReadOnlySpan<byte> environment, ReadOnlySpan<byte> flag, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> variant)
    {
        var id = new OtlpId();
        id.Append(evaluation.TimeUnixNano);
        id.Append(evaluation.TraceId.Span);
        id.Append(evaluation.SpanId.Span);
        id.Append(environment);
        id.Append(flag);
        id.Append(unit);
        id.Append(variant);
        return id.ToGuid();
    }

    private static bool TryText(string? text, int longest, out byte[] utf8)
    {
        utf8 = [];
        if (string.IsNullOrEmpty(text) || text.Length > longest || text.Contains('\0', StringComparison.Ordinal))
            return false;
        try
        {
            utf8 = Strict.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            return false; // Half a surrogate pair, from JSON.
        }

        return utf8.Length <= longest;
    }
}
