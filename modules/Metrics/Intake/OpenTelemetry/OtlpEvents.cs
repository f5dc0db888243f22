using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;
using Delivery.Otlp;
using Delivery.Segments;
using Google.Protobuf;
using Mediator;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// Takes requests from spans, and values from data points, into the event log. The answer means committed; a request that is sent again
/// adds no rows, and an element that comes again in another request is the same event.
/// </summary>
internal sealed class OtlpEvents(
    SegmentLog<MetricEvent> log, SeriesStore series, ISender sender, OtlpTally tally, IOptions<OtlpEventOptions> options, IOptions<FoldLimits> limits)
    : IOtlpConsumer<ExportTraceServiceRequest>, IOtlpConsumer<ExportMetricsServiceRequest>
{
    /// <summary>Rows of one request; a body of 8 MB could ask for more by histograms alone.</summary>
    private const int MostRows = 200_000;

    private static readonly FieldError TooMany = new("count", $"at most {MostRows} measurements in one request: send it in parts");

    public async Task<OtlpOutcome> TakeAsync(OtlpRequest request, ExportTraceServiceRequest export, CancellationToken cancellationToken)
    {
        var unitNames = options.Value.UnitNames;
        var places = new Environments(request, sender);
        var faults = new OtlpFaults("spans");
        var rows = log.NewBatch();
        try
        {
            foreach (var (r, resource) in export.ResourceSpans.Index())
                foreach (var (s, scope) in resource.ScopeSpans.Index())
                    foreach (var (i, span) in scope.Spans.Index())
                    {
                        switch (SpanReader.Read(span, resource.Resource, request.Environment, unitNames))
                        {
                            case SpanReading.None { Fate: var fate }:
                                faults.Count(fate);
                                break;
                            case SpanReading.Faulty { Fault: var fault }:
                                faults.Reject($"resourceSpans[{r}].scopeSpans[{s}].spans[{i}]", fault);
                                break;
                            case SpanReading.Request(var id, var row):
                                if (await places.FaultAsync(row.Environment, cancellationToken) is { } misplaced)
                                    faults.Reject($"resourceSpans[{r}].scopeSpans[{s}].spans[{i}].attributes", misplaced);
                                else if (row.Fault(request.ReceivedAt) is { } unfit)
                                    faults.Reject($"resourceSpans[{r}].scopeSpans[{s}].spans[{i}]", unfit);
                                else
                                    Write(row, id, rows, request, faults);
                                break;
                            case var other:
                                throw new InvalidOperationException($"unknown reading {other.GetType().Name}");
                        }
                    }
        }
        catch
        {
            rows.Dispose();
            throw;
        }

        return await AppendAsync("traces", request, rows, faults, cancellationToken);
    }

    public async Task<OtlpOutcome> TakeAsync(OtlpRequest request, ExportMetricsServiceRequest export, CancellationToken cancellationToken)
    {
        var faults = new OtlpFaults("data points");
        var reader = new PointReader(options.Value, options.Value.UnitNames);
        var points = await WantedAsync(request, export, reader, faults, cancellationToken);
        var cumulative = points.Where(p => p.Point.Temporality == AggregationTemporality.Cumulative)
            .Select(p => new SentPoint(p.Environment, OtlpIds.Sender(p.Environment, p.Point.Resource), new CumulativePoint(
                OtlpIds.Series(p.Environment, p.Point.Resource, p.Point.Scope, p.Point.Metric, p.Point.Attributes), p.Point.Start, p.Point.Time, p.Point.Message.ToByteArray())))
            .ToList();
        await using var turn = cumulative.Count == 0 ? null : await series.TurnAsync(cumulative, cancellationToken);
        var counted = new Queue<CountedFrom>(cumulative.Count == 0 ? [] : await series.TakeAsync(cumulative, cancellationToken));
        var rows = log.NewBatch();
        try
        {
            foreach (var (point, whom, environment) in points)
                Take(reader.Read(point, whom, environment, point.Temporality == AggregationTemporality.Cumulative ? counted.Dequeue() : null), point, request, rows, faults);
        }
        catch
        {
            rows.Dispose();
            throw;
        }

        var outcome = await AppendAsync("metrics", request, rows, faults, cancellationToken);
        if (outcome is OtlpOutcome.Taken && cumulative.Count > 0)
            await series.ConfirmAsync(cumulative, CancellationToken.None); // Committed: a sender that hangs up now must not make the next point count it again.
        return outcome;
    }

    /// <summary>The points that concern somebody, where they belong; the others are counted.</summary>
    private async Task<List<(DataPoint Point, Attribution Whom, string Environment)>> WantedAsync(
        OtlpRequest request, ExportMetricsServiceRequest export, PointReader reader, OtlpFaults faults, CancellationToken cancellationToken)
    {
        var places = new Environments(request, sender);
        var wanted = new List<(DataPoint, Attribution, string)>();
        foreach (var point in DataPoint.Of(export))
        {
            var (whom, outcome) = reader.Whose(point);
            var environment = whom.Environment ?? request.Environment;
            if (outcome is PointOutcome.None { Fate: var fate })
                faults.Count(fate);
            else if (outcome is PointOutcome.Faulty { Fault: var fault })
                faults.Reject(point.Place, fault);
            else if (await places.FaultAsync(environment, cancellationToken) is { } misplaced)
                faults.Reject($"{point.Place}.attributes", misplaced);
            else
                wanted.Add((point, whom, environment));
        }

        return wanted;
    }

    private void Take(PointOutcome outcome, DataPoint point, OtlpRequest request, RowBatch rows, OtlpFaults faults)
    {
        switch (outcome)
        {
            case PointOutcome.None { Fate: var fate }:
                faults.Count(fate);
                break;
            case PointOutcome.Faulty { Fault: var fault }:
                faults.Reject(point.Place, fault);
                break;
            case PointOutcome.Events events when events[0].Fault(request.ReceivedAt) is { } unfit:
                faults.Reject(point.Place, unfit);
                break;
            case PointOutcome.Events events when rows.Count + events.Ids.Count > MostRows:
                faults.Reject(point.Place, TooMany);
                break;
            case PointOutcome.Events events:
                faults.Count(FateOf(events.Row, request));
                for (var i = 0; i < events.Ids.Count; i++)
                    events[i].Write(events.Ids[i], rows);
                break;
            default:
                throw new InvalidOperationException($"unknown outcome {outcome.GetType().Name}");
        }
    }

    private void Write(EventRow row, Guid id, RowBatch rows, OtlpRequest request, OtlpFaults faults)
    {
        row.Write(id, rows);
        faults.Count(FateOf(row, request));
    }

    private Fate FateOf(EventRow row, OtlpRequest request) => request.ReceivedAt - row.Time > limits.Value.Lateness ? Fate.TooLate : Fate.Taken;

    /// <summary>The body's own hash numbers the batch.</summary>
    private async Task<OtlpOutcome> AppendAsync(string signal, OtlpRequest request, RowBatch rows, OtlpFaults faults, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            rows.Dispose();
        }
        else
        {
            var number = (long)(ulong)(request.Digest >> 64) & long.MaxValue;
            var outcome = await log.AppendAsync(rows, new BatchKey($"{request.Environment}/otlp-{signal}", number, request.Digest), default, cancellationToken);
            if (outcome is not (BatchOutcome.Committed or BatchOutcome.Repeated))
                return outcome is BatchOutcome.Full ? new OtlpOutcome.TooMuch() : new OtlpOutcome.Unavailable();
        }

        foreach (var fate in Enum.GetValues<Fate>())
            tally.Add(signal, fate, faults.Of(fate));
        return new OtlpOutcome.Taken(faults.Rejected, faults.Message(options.Value.UnitNames));
    }
}

/// <summary>A key that is bound to an environment tells of no other; one that is not may tell of any there is.</summary>
internal sealed class Environments(OtlpRequest request, ISender sender)
{
    private readonly Dictionary<string, bool> _known = new(StringComparer.Ordinal) { [request.Environment] = true };

    public async ValueTask<FieldError?> FaultAsync(string environment, CancellationToken cancellationToken)
    {
        if (environment == request.Environment)
            return null;
        if (request.IsBound)
            return new FieldError("feature_flag.set.id", $"'{request.Environment}', the environment of the key, or nothing");
        if (!_known.TryGetValue(environment, out var isKnown))
            _known[environment] = isKnown = await sender.Send(new KnowsEnvironment(environment), cancellationToken);
        return isKnown ? null : new FieldError("feature_flag.set.id", "an environment that exists, or nothing");
    }
}
