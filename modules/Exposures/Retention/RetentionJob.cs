using Delivery.Contracts.Exposures;
using Delivery.Segments;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Exposures.Retention;

/// <summary>Ends, once a day, the exposures whose environment keeps them no longer.</summary>
internal sealed partial class RetentionJob(SegmentLog<RecordedExposure> log, IDocumentStore store, TimeProvider time, ILogger<RetentionJob> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);

    private DateOnly? _ranOn;

    /// <summary>Ends what is over, and says how many rows that were.</summary>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        var settings = (await session.Query<LedgerRetention>().Where(one => one.Days != null).ToListAsync(cancellationToken))
            .ToDictionary(one => one.Environment, StringComparer.Ordinal);
        if (settings.Count == 0)
            return 0;
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var rows = await log.RetireAsync(
            "environment", (environment, day) => settings.TryGetValue(environment, out var retention) && retention.IsOver(day, today), today, cancellationToken);
        if (rows > 0)
            LogRetired(rows);
        return rows;
    }

    /// <summary>Looks every hour, so that a server that never runs a whole day does it, too.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
            if (_ranOn == today)
                continue;
            try
            {
                await RunAsync(stoppingToken);
                _ranOn = today;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(3020, LogLevel.Information, "{Rows} exposures are kept no longer and were deleted; their seals stay.")]
    private partial void LogRetired(long rows);

    [LoggerMessage(3021, LogLevel.Warning, "Exposures that are kept no longer could not be deleted; it is tried again within the hour.")]
    private partial void LogFailed(Exception exception);
}
