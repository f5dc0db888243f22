using Delivery.Contracts.Commands;
using Delivery.Metrics.Events;
using Delivery.Otlp;
using Google.Protobuf;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// What a data point is to the metrics. A number is one event with that value. A histogram is one event for each measurement, with the
/// values its buckets tell. What a cumulative series says again is not counted again.
/// </summary>
internal sealed class PointReader(OtlpEventOptions options, IReadOnlyList<string> unitNames)
{
    /// <summary>Histograms of how long a request took, by OpenTelemetry's conventions of today and before.</summary>
    private static readonly string[] RequestDurations =
        ["http.server.request.duration", "http.server.duration", "rpc.server.call.duration", "rpc.server.duration", "messaging.process.duration"];

    /// <summary>Whether a point concerns the metrics, and whom.</summary>
    public (Attribution Whom, PointOutcome? Outcome) Whose(DataPoint point)
    {
        var whom = Attribution.Of(point.Attributes, point.Resource, unitNames);
        return (whom, point switch
        {
            { HasNoValue: true } => new PointOutcome.None(Fate.Empty),
            _ when whom.Unit is null && whom.Tagged.Count == 0 && !whom.LacksVersion => new PointOutcome.None(Fate.Unattributed),
            { Message: SummaryDataPoint } => Faulty("quantileValues", "a histogram or exponential histogram: a summary's quantiles can't be added up"),
            _ when whom.Unit is null && !IsRequest(point) => Faulty($"attributes.{unitNames[0]}", "the unit's key: by the flag alone only request durations are counted, and only where requests come from metrics"),
            _ when whom.Unit is null && whom.Tagged.Count == 0 => Faulty("attributes.feature_flag.version", "the flag's version (its stream version): without it and without a unit nobody can tell which epoch it belongs to"),
            { Time: 0 or > long.MaxValue } => Faulty("timeUnixNano", "when it was measured, in nanoseconds since 1970"),
            { Start: > long.MaxValue } => Faulty("startTimeUnixNano", "since when it counts, in nanoseconds since 1970"),
            { Temporality: AggregationTemporality.Unspecified } or { Temporality: > AggregationTemporality.Cumulative } => Faulty("aggregationTemporality", "delta or cumulative"),
            _ => null,
        });
    }

    /// <summary>The events of a point.</summary>
    /// <param name="point">The point.</param>
    /// <param name="whom">Whom it concerns.</param>
    /// <param name="environment">Where it belongs.</param>
    /// <param name="from">From what a cumulative point is counted; null of any other.</param>
    public PointOutcome Read(DataPoint point, Attribution whom, string environment, CountedFrom? from)
    {
        if (from is CountedFrom.Nothing)
            return new PointOutcome.None(Fate.Superseded);
        if (from is CountedFrom.Refused)
            return Faulty("attributes", $"at most {options.MostSeries} cumulative series in environment '{environment}' (Metrics:Otlp:MostSeries): send deltas, or fewer combinations of attributes");
        var before = from is CountedFrom.Point { Body: var body } ? Parse(point.Message, body) : null;
        var value = PointValue.Of(point.Message, before);
        if (before is not null && value is PointValue.Number { MicroUnits: < 0 } && point.Metric.Sum is { IsMonotonic: true })
            value = PointValue.Of(point.Message, null); // It can't fall: the sender began anew without saying so.
        var row = new EventRow
        {
            Environment = environment,
            Name = point.Metric.Name,
            Unit = whom.Unit ?? "",
            Time = DateTimeOffset.UnixEpoch.AddTicks((long)(point.Time / 100)),
            Flags = whom.Tagged.Count > 0 ? Attribution.Json(whom.Tagged) : default,
            Properties = OtlpAttributes.Properties([.. OtlpSource.Of(point.Resource), .. point.Attributes], unitNames),
            Source = OtlpSource.Name(point.Resource),
        };
        var series = OtlpIds.Series(environment, point.Resource, point.Scope, point.Metric, point.Attributes);
        return value switch
        {
            PointValue.Unfit unfit => Faulty(unfit.Field, unfit.Accepted),
            // A sum that did not move says that nothing happened; a gauge at 0 is a measurement.
            PointValue.Number { MicroUnits: 0 } when point.Temporality is not null => new PointOutcome.None(Fate.Empty),
            PointValue.Number number => new PointOutcome.Events(row, [OtlpIds.Of(series, point.Start, point.Time, 0)], [number.MicroUnits], IsRequest: false, Failed: false),
            PointValue.Many { Count: 0 } => new PointOutcome.None(Fate.Empty),
            PointValue.Many many when many.Count > (ulong)options.MostMeasurements => Faulty("count", $"at most {options.MostMeasurements} measurements a point: export more often, or send spans"),
            PointValue.Many many => Events(point, row, series, many),
            _ => throw new InvalidOperationException($"unknown value {value.GetType().Name}"),
        };
    }

    private PointOutcome Events(DataPoint point, EventRow row, UInt128 series, PointValue.Many many)
    {
        var isRequest = IsRequest(point);
        if (BucketValues.Spread(many.Ranges, many.Sum, isRequest ? Seconds(point.Metric.Unit) : 1) is not { } values || (isRequest && values.Any(value => value < 0)))
            return Faulty("sum", isRequest ? "durations of at least 0" : "finite values within ±9223372036854.775807 (they are kept in millionths)");
        return new PointOutcome.Events(
            row, [.. Enumerable.Range(0, values.Count).Select(n => OtlpIds.Of(series, point.Start, point.Time, n))], values, isRequest,
            isRequest && (OtlpAttributes.Text(point.Attributes, "error.type") is not null
                || SpanReader.IsServerError(OtlpAttributes.Text(point.Attributes, "http.response.status_code") ?? OtlpAttributes.Text(point.Attributes, "http.status_code"))));
    }

    private bool IsRequest(DataPoint point) =>
        options.RequestsFrom == RequestSignal.Metrics && point.Message is HistogramDataPoint or ExponentialHistogramDataPoint && RequestDurations.Contains(point.Metric.Name);

    /// <summary>Today's conventions measure in seconds, earlier ones in milliseconds.</summary>
    private static double Seconds(string unit) => unit switch
    {
        "ms" => 1e-3,
        "us" => 1e-6,
        "ns" => 1e-9,
        _ => 1,
    };

    private static IMessage Parse(IMessage like, byte[] body) => like switch
    {
        NumberDataPoint => NumberDataPoint.Parser.ParseFrom(body),
        HistogramDataPoint => HistogramDataPoint.Parser.ParseFrom(body),
        ExponentialHistogramDataPoint => ExponentialHistogramDataPoint.Parser.ParseFrom(body),
        _ => throw new ArgumentOutOfRangeException(nameof(like), like.GetType().Name, "no such data point"),
    };

    private static PointOutcome.Faulty Faulty(string field, string accepted) => new(new FieldError(field, accepted));
}

/// <summary>What a data point came to. Closed.</summary>
internal abstract record PointOutcome
{
    private PointOutcome()
    {
    }

    /// <summary>Events that differ in id and value only.</summary>
    /// <param name="Row">What they share.</param>
    /// <param name="Ids">Their ids.</param>
    /// <param name="Values">Their values in millionths; of requests, millionths of a second.</param>
    /// <param name="IsRequest">Whether they are requests.</param>
    /// <param name="Failed">Whether these failed.</param>
    public sealed record Events(EventRow Row, IReadOnlyList<Guid> Ids, IReadOnlyList<long> Values, bool IsRequest, bool Failed) : PointOutcome
    {
        public EventRow this[int index] => IsRequest
            ? Row with
            {
                Unit = Row.Unit.Length > 0 ? Row.Unit : $"point:{Ids[index]}",
                DurationMicroseconds = Values[index],
                Outcome = Failed ? RequestOutcome.Failed : RequestOutcome.Succeeded,
            }
            : Row with { ValueMicroUnits = Values[index], Flags = default };
    }

    /// <summary>Nothing to count.</summary>
    public sealed record None(Fate Fate) : PointOutcome;

    /// <summary>It can't be read.</summary>
    public sealed record Faulty(FieldError Fault) : PointOutcome;
}
