using System.Text;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Targeting;
using Delivery.Otlp;
using Delivery.Segments;
using Mediator;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Intake.OpenTelemetry;

/// <summary>Takes flag evaluations from OpenTelemetry's log records and span events into the ledger; all else is counted and passed over.</summary>
internal sealed class OtlpExposures(SegmentLog<RecordedExposure> log, ISender sender, EvaluationCounts counts, IOptions<ExposureOptions> options)
    : IOtlpConsumer<ExportLogsServiceRequest>, IOtlpConsumer<ExportTraceServiceRequest>
{
    public Task<OtlpOutcome> TakeAsync(OtlpRequest request, ExportLogsServiceRequest export, CancellationToken cancellationToken)
    {
        var records =
            from resource in export.ResourceLogs
            from record in resource.ScopeLogs.SelectMany(scope => scope.LogRecords)
            select new Candidate(record, FlagEvaluation.Of(record), resource.Resource);
        return TakeAsync("logs", request, records, cancellationToken);
    }

    public Task<OtlpOutcome> TakeAsync(OtlpRequest request, ExportTraceServiceRequest export, CancellationToken cancellationToken)
    {
        var events =
            from resource in export.ResourceSpans
            from span in resource.ScopeSpans.SelectMany(scope => scope.Spans)
            from evaluation in span.Events.Select(happened => FlagEvaluation.Of(span, happened)).Prepend(FlagEvaluation.Of(span))
            select new Candidate(span, evaluation, resource.Resource);
        return TakeAsync("traces", request, events, cancellationToken);
    }

    private async Task<OtlpOutcome> TakeAsync(string signal, OtlpRequest request, IEnumerable<Candidate> candidates, CancellationToken cancellationToken)
    {
        var rows = log.NewBatch();
        var faults = new EvaluationFaults();
        var places = new Dictionary<string, bool>(StringComparer.Ordinal);
        long ignored = 0, failed = 0;
        try
        {
            var writer = new EvaluationRows(request, options.Value, rows);
            foreach (var (carrier, evaluation, resource) in candidates)
            {
                if (evaluation is null)
                    ignored++;
                else if (evaluation.HasFailed)
                    failed++;
                else if (await MisplacedAsync(evaluation, request, places, cancellationToken) is { } misplaced)
                    faults.Add(carrier, misplaced);
                else if (writer.Add(evaluation, evaluation.Set is { Length: > 0 } set ? set : request.Environment, SourceOf(resource, evaluation)) is { } fault)
                    faults.Add(carrier, fault);
            }
        }
        catch
        {
            rows.Dispose();
            throw;
        }

        var taken = rows.Count;
        var outcome = await AppendAsync(signal, request, rows, cancellationToken);
        if (outcome is not (BatchOutcome.Committed or BatchOutcome.Repeated))
            return outcome is BatchOutcome.Full ? new OtlpOutcome.TooMuch() : new OtlpOutcome.Unavailable();
        counts.Add(signal, "taken", taken);
        counts.Add(signal, "ignored", ignored);
        counts.Add(signal, "failed", failed);
        counts.Add(signal, "rejected", faults.Evaluations);
        return new OtlpOutcome.Taken(faults.Carriers, faults.Message);
    }

    /// <summary>The body's own hash numbers the batch: a request that is sent again adds no rows.</summary>
    private async Task<BatchOutcome> AppendAsync(string signal, OtlpRequest request, RowBatch rows, CancellationToken cancellationToken)
    {
        var number = (long)(ulong)(request.Digest >> 64) & long.MaxValue;
        if (rows.Count > 0)
            return await log.AppendAsync(rows, new BatchKey($"{request.Environment}/otlp-{signal}", number, request.Digest), default, cancellationToken);
        rows.Dispose();
        return new BatchOutcome.Repeated(default);
    }

    /// <summary>A key that is bound to an environment tells of no other; one that is not may tell of any there is.</summary>
    private async ValueTask<FieldError?> MisplacedAsync(
        FlagEvaluation evaluation, OtlpRequest request, Dictionary<string, bool> places, CancellationToken cancellationToken)
    {
        if (evaluation.Set is not { Length: > 0 } set || set == request.Environment)
            return null;
        if (request.IsBound)
            return new FieldError("feature_flag.set.id", $"'{request.Environment}', the environment of the key, or nothing");
        if (!places.TryGetValue(set, out var isKnown))
            places[set] = isKnown = await sender.Send(new KnowsEnvironment(set), cancellationToken);
        return isKnown ? null : new FieldError("feature_flag.set.id", "an environment that exists, or nothing");
    }

    private static string SourceOf(Resource? resource, FlagEvaluation evaluation)
    {
        const int Longest = 200;
        var service = resource?.Attributes.FirstOrDefault(attribute => attribute.Key == "service.name")?.Value?.StringValue;
        var source = new StringBuilder("otlp");
        foreach (var part in (string?[])[service, evaluation.Provider])
            source.Append(string.IsNullOrEmpty(part) ? "" : $":{part}");
        source.Replace("\0", "");
        return source.Length > Longest ? source.ToString(0, Longest) : source.ToString();
    }

    private readonly record struct Candidate(object Carrier, FlagEvaluation? Evaluation, Resource? Resource);
}
