using Delivery.Otlp;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Delivery.Exposures.Intake.OpenTelemetry;

/// <summary>
/// A flag's evaluation as OpenTelemetry tells it: the event <c>feature_flag.evaluation</c> of a log record or a span, with the names
/// of today's semantic conventions and of the earlier ones. Where a record has both, today's counts.
/// </summary>
internal sealed record FlagEvaluation
{
    private const string EventName = "feature_flag.evaluation";
    private const string EarlierEventName = "feature_flag";

    public required ByteString TraceId { get; init; }
    public required ByteString SpanId { get; init; }

    /// <summary>Nanoseconds since 1970; 0 where nobody told.</summary>
    public required ulong TimeUnixNano { get; init; }

    public string? Key { get; private set; }
    public string? Variant { get; private set; }
    public string? Reason { get; private set; }
    public string? Unit { get; private set; }

    /// <summary>The flag set: our environment.</summary>
    public string? Set { get; private set; }

    public string? Version { get; private set; }
    public string? Provider { get; private set; }

    /// <summary>The type of the error or its message, by whichever name; null where there was none.</summary>
    public string? Error { get; private set; }

    /// <summary>An evaluation that failed served the code's own default, and no variant: nobody was exposed to one.</summary>
    public bool HasFailed => string.IsNullOrEmpty(Variant) && (Error is not null || string.Equals(Reason, "error", StringComparison.OrdinalIgnoreCase));

    /// <summary>Null where the record is something else.</summary>
    public static FlagEvaluation? Of(LogRecord record) => IsOne(record) ? new FlagEvaluation
    {
        TraceId = record.TraceId,
        SpanId = record.SpanId,
        TimeUnixNano = record.TimeUnixNano != 0 ? record.TimeUnixNano : record.ObservedTimeUnixNano,
    }.With(record.Attributes) : null;

    /// <summary>Null where the event is something else.</summary>
    public static FlagEvaluation? Of(Span span, Span.Types.Event happened) => happened.Name is EventName or EarlierEventName ? new FlagEvaluation
    {
        TraceId = span.TraceId,
        SpanId = span.SpanId,
        TimeUnixNano = happened.TimeUnixNano,
    }.With(happened.Attributes) : null;

    /// <summary>A span that is an evaluation, as OpenFeature's SpanHook makes it; null where it is something else.</summary>
    public static FlagEvaluation? Of(Span span) => span.Name == EventName ? new FlagEvaluation
    {
        TraceId = span.TraceId,
        SpanId = span.SpanId,
        TimeUnixNano = span.EndTimeUnixNano,
    }.With(span.Attributes) : null;

    /// <summary>Before log records had an event name of their own, it was the attribute <c>event.name</c>.</summary>
    private static bool IsOne(LogRecord record) => record.EventName switch
    {
        EventName or EarlierEventName => true,
        "" => record.Attributes.Any(attribute => attribute is { Key: "event.name", Value.StringValue: EventName or EarlierEventName }),
        _ => false,
    };

    private FlagEvaluation With(RepeatedField<KeyValue> attributes)
    {
        foreach (var attribute in attributes)
        {
            var value = Text(attribute.Value);
            switch (attribute.Key)
            {
                case "feature_flag.key":
                    Key = value;
                    break;
                case "feature_flag.result.variant":
                    Variant = value;
                    break;
                case "feature_flag.variant":
                    Variant ??= value;
                    break;
                case "feature_flag.result.reason":
                    Reason = value;
                    break;
                case "feature_flag.evaluation.reason":
                    Reason ??= value;
                    break;
                case "feature_flag.context.id":
                    Unit = value;
                    break;
                case "feature_flag.set.id":
                    Set = value;
                    break;
                case "feature_flag.version":
                    Version = value;
                    break;
                case "feature_flag.provider.name":
                    Provider = value;
                    break;
                case "feature_flag.provider_name":
                    Provider ??= value;
                    break;
                case "error.type":
                case "feature_flag.error.message":
                case "feature_flag.evaluation.error.message":
                case "error.message":
                    Error ??= value;
                    break;
            }
        }

        return this;
    }

    /// <summary>All of these are text by convention; a version or an id that is a whole number is meant as its digits.</summary>
    private static string? Text(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };
}
