using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Metrics.Measuring;

/// <summary>Compares the two pipelines again and again, for every question that is open. A difference is a bug, told loudly.</summary>
internal sealed partial class MomentAudit(MomentBook book, MomentSql sql, TimeProvider time, IMeterFactory meters, ILogger<MomentAudit> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private long _differences;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var meter = meters.Create("Delivery.Metrics");
        meter.CreateObservableGauge("delivery.metrics.moments.differences", () => Interlocked.Read(ref _differences), "{cell}", "Cells on which the fold and the SQL disagree; anything but 0 is a bug.");
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var differences = 0L;
            foreach (var question in book.Open)
                differences += await CheckAsync(question, stoppingToken);
            Interlocked.Exchange(ref _differences, differences);
        }
    }

    private async Task<int> CheckAsync(Contracts.Metrics.GetMoments question, CancellationToken cancellationToken)
    {
        try
        {
            var check = await MomentCheck.RunAsync(question, book, sql, cancellationToken);
            if (check.Differences.Count > 0)
                LogDifferent(question.Environment, question.Flag, check.Differences.Count, check.Cells, check.ExposurePosition, check.EventPosition);
            return check.Differences.Count;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnchecked(e, question.Environment, question.Flag);
            return 0;
        }
    }

    [LoggerMessage(5010, LogLevel.Critical, "The sums of {Environment}/{Flag} differ from their recomputation in {Differences} of {Cells} cells, at exposure {ExposurePosition} and event {EventPosition}.")]
    private partial void LogDifferent(string environment, string flag, int differences, int cells, long exposurePosition, long eventPosition);

    [LoggerMessage(5011, LogLevel.Warning, "The sums of {Environment}/{Flag} could not be checked.")]
    private partial void LogUnchecked(Exception exception, string environment, string flag);
}
