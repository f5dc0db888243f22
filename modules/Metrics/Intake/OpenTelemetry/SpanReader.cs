using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Metrics.Events;
using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// What a span is to the metrics. A request is the span by which it enters a service (SERVER, CONSUMER) or that nothing
/// encloses; spans inside it are its parts, and would count it again.
/// </summary>
internal static class SpanReader
{
    private static readonly string[] StatusNames = ["http.response.status_code", "http.status_code"];

    /// <summary>Reads a span.</summary>
    /// <param name="span">The span.</param>
    /// <param name="resource">Who sent it.</param>
    /// <param name="environment">Where it belongs, unless it says otherwise.</param>
    /// <param name="unitNames">The attributes that name the unit, best first.</param>
    public static SpanReading Read(Span span, Resource? resource, string environment, IReadOnlyList<string> unitNames)
    {
        if (span.Name == "feature_flag.evaluation" || !IsRequest(span))
            return new SpanReading.None(Fate.Inner);
        var whom = Attribution.Of(span, resource, unitNames);
        var flags = whom.Tagged.Count > 0 ? whom.Tagged : whom.Unit is null ? whom.Evaluated : null;
        if (whom.Unit is null && flags is not { Count: > 0 })
        {
            return whom.LacksVersion
                ? new SpanReading.Faulty(new FieldError("attributes.feature_flag.version", "the flag's version (its stream version): without it and without a unit nobody can tell which epoch it belongs to"))
                : new SpanReading.None(Fate.Unattributed);
        }

        if (span.TraceId.Length != 16 || span.SpanId.Length != 8)
            return new SpanReading.Faulty(new FieldError(span.TraceId.Length != 16 ? "traceId" : "spanId", "16 and 8 bytes: they tell a span that is sent again"));
        if (span.StartTimeUnixNano is 0 or > long.MaxValue)
            return new SpanReading.Faulty(new FieldError("startTimeUnixNano", "when it began, in nanoseconds since 1970"));
        if (span.EndTimeUnixNano > long.MaxValue || span.EndTimeUnixNano < span.StartTimeUnixNano)
            return new SpanReading.Faulty(new FieldError("endTimeUnixNano", "when it ended, in nanoseconds since 1970, not before its start"));
        return new SpanReading.Request(OtlpIds.Of(span, whom.Environment ?? environment), new EventRow
        {
            Environment = whom.Environment ?? environment,
            Name = Name(span),
            // Of nobody it is its own unit: what failed a thousand times for one person can't be told from a thousand persons.
            Unit = whom.Unit ?? $"trace:{Convert.ToHexStringLower(span.TraceId.Span)}",
            // When it ended: what it evaluated was exposed before.
            Time = DateTimeOffset.UnixEpoch.AddTicks((long)(span.EndTimeUnixNano / 100)),
            DurationMicroseconds = (long)((span.EndTimeUnixNano - span.StartTimeUnixNano + 500) / 1_000),
            Outcome = HasFailed(span) ? RequestOutcome.Failed : RequestOutcome.Succeeded,
            Flags = flags is { Count: > 0 } ? Attribution.Json(flags) : default,
            Properties = OtlpAttributes.Properties([.. OtlpSource.Of(resource), Kind(span), .. span.Attributes], unitNames),
            Source = OtlpSource.Name(resource),
        });
    }

    /// <summary>By its status, or by the answer's: 5xx is the server's failure, 4xx the caller's.</summary>
    public static bool HasFailed(Span span) =>
        span.Status?.Code == SpanStatus.Types.StatusCode.Error || StatusNames.Any(name => IsServerError(OtlpAttributes.Text(span.Attributes, name)));

    public static bool IsServerError(string? status) =>
        int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 500 and <= 599;

    private static bool IsRequest(Span span) =>
        span.Kind is Span.Types.SpanKind.Server or Span.Types.SpanKind.Consumer || !span.ParentSpanId.Span.ContainsAnyExcept((byte)0);

    private static KeyValue Kind(Span span) => new()
    {
        Key = "span.kind",
        Value = new AnyValue { StringValue = span.Kind.ToString().ToLowerInvariant() },
    };

    /// <summary>Span names are of low cardinality by convention; one that is too long or empty is still a request.</summary>
    private static string Name(Span span) =>
        span.Name.Length is > 0 and <= 33 ? span.Name
        : span.Name.Length == 0 ? "request"
        : System.Text.Encoding.UTF8.GetByteCount(span.Name) <= 100 ? span.Name
        : span.Name[..(char.IsHighSurrogate(span.Name[32]) ? 32 : 33)];
}

/// <summary>What a span came to. Closed.</summary>
internal abstract record SpanReading
{
    private SpanReading()
    {
    }

    /// <summary>A request of a unit or arm.</summary>
    public sealed record Request(Guid Id, EventRow Row) : SpanReading;

    /// <summary>Nothing to count.</summary>
    public sealed record None(Fate Fate) : SpanReading;

    /// <summary>It can't be read.</summary>
    public sealed record Faulty(FieldError Fault) : SpanReading;
}
