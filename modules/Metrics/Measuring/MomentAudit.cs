using System.Diagnostics.Metrics;
using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Measuring;

/// <summary>Compares the two pipelines again and again, for every followed question. A difference is told to the metric's owner, once a day.</summary>
internal sealed partial class MomentAudit(
    MomentBook book, MomentSql sql, IServiceScopeFactory scopes, IOptions<MomentOptions> options, TimeProvider time, IMeterFactory meters, ILogger<MomentAudit> logger)
    : BackgroundService
{
    /// <summary>A comparison may take a tenth of the time.</summary>
    private const int Rest = 10;

    private readonly Dictionary<(string Environment, string Flag, string Metric), DateOnly> _toldOn = [];
    private long _differences;

    /// <summary>Compares everything once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var differences = 0L;
        foreach (var question in book.Open.SelectMany(Apart))
            differences += await CheckAsync(question, cancellationToken);
        Interlocked.Exchange(ref _differences, differences);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var meter = meters.Create("Delivery.Metrics");
        meter.CreateObservableGauge("delivery.metrics.moments.differences", () => Interlocked.Read(ref _differences), "{cell}", "Cells on which the fold and the SQL disagree; anything but 0 is a bug.");
        meter.CreateObservableGauge("delivery.metrics.moments.units", () => Sum(gauges => gauges.Units), "{unit}", "Units remembered for the moments.");
        meter.CreateObservableGauge("delivery.metrics.moments.bytes", () => Sum(gauges => gauges.Bytes), "By", "Memory of the moments.");
        meter.CreateObservableGauge(
            "delivery.metrics.moments.lateness",
            () => book.Environments.Where(environment => environment.Live is not null).Select(environment => new Measurement<double>(
                environment.Limits.Lateness.TotalSeconds, new KeyValuePair<string, object?>("environment", environment.Live?.Environment))),
            "s", "How late rows may come in and are counted: as configured, or less since memory did not do.");
        meter.CreateObservableCounter("delivery.metrics.moments.rows", () => Sum(gauges => gauges.Rows), "{row}", "Rows folded into the moments by this process.");
        var pause = options.Value.AuditEvery;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var start = time.GetTimestamp();
            if (!stoppingToken.IsCancellationRequested)
                await LookAsync(stoppingToken);
            var took = time.GetElapsedTime(start) * Rest;
            pause = took > options.Value.AuditEvery ? took : options.Value.AuditEvery;
        }
    }

    /// <summary>A metric that was redefined is followed under its key as it was and as it is: each is compared for itself.</summary>
    private static IEnumerable<GetMoments> Apart(GetMoments question) => question.Metrics
        .GroupBy(metric => metric.Key, StringComparer.Ordinal).SelectMany(key => key.Index()).GroupBy(metric => metric.Index, metric => metric.Item)
        .Select(layer => question with { Metrics = [.. layer] });

    private async Task<int> CheckAsync(GetMoments question, CancellationToken cancellationToken)
    {
        try
        {
            // Nobody asked: a flag that only the comparison looks at is let go after a while.
            if (await book.LookAsync(question, cancellationToken) is not var (folded, limits))
                return 0;
            var check = await MomentCheck.RunAsync(question, folded, limits, sql, cancellationToken);
            foreach (var metric in check.Differences.GroupBy(d => d.Metric))
                await TellAsync(question, check, metric.Key, [.. metric], cancellationToken);
            return check.Differences.Count;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnchecked(e, question.Environment, question.Flag);
            return 0;
        }
    }

    private async Task TellAsync(GetMoments question, MomentCheck check, string metric, IReadOnlyList<MomentDifference> differences, CancellationToken cancellationToken)
    {
        LogDifferent(question.Environment, question.Flag, metric, differences.Count, check.ExposurePosition, check.EventPosition);
        var (told, today) = ((question.Environment, question.Flag, metric), DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        if (_toldOn.TryGetValue(told, out var toldOn) && toldOn == today)
            return;
        var first = differences[0];
        var fact = new MomentMismatch(
            metric, question.Flag, question.Environment, question.Metrics.First(m => m.Key == metric).Definition.Owner,
            check.Cells / question.Metrics.Count, differences.Count, first.FlagVersion, first.Variant, Text(first.Folded), Text(first.Recomputed),
            check.ExposurePosition, check.EventPosition, time.GetUtcNow());
        // A scope for each command: it is a session and a transaction of its own.
        await using var scope = scopes.CreateAsyncScope();
        var outcome = await scope.ServiceProvider.GetRequiredService<ISender>()
            .Send(new ReportMoments(Audit.Platform("moment-audit", $"metric:{metric}"), fact), cancellationToken);
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the mismatch of {metric} could not be told: {outcome}");
        _toldOn[told] = today;
    }

    private long Sum(Func<MomentGauges, long> gauge) => book.Environments.Sum(environment => environment.Live is { } live ? gauge(live.Gauges()) : 0);

    private static string? Text(MomentSums? sums) =>
        sums is null ? null : string.Create(CultureInfo.InvariantCulture, $"n {sums.N}, sum {sums.MPost}, denominator {sums.DPost}, squares {sums.MPostMPost} (millionths)");

    [LoggerMessage(5010, LogLevel.Critical, "The sums of {Environment}/{Flag} by '{Metric}' differ from their recomputation in {Differences} cells, at exposure {ExposurePosition} and event {EventPosition}.")]
    private partial void LogDifferent(string environment, string flag, string metric, int differences, long exposurePosition, long eventPosition);

    [LoggerMessage(5011, LogLevel.Warning, "The sums of {Environment}/{Flag} could not be checked.")]
    private partial void LogUnchecked(Exception exception, string environment, string flag);
}
