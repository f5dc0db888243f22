using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// At start it takes the folds up where their snapshots left them; from then on it writes one when enough rows came. So a
/// restart replays a bounded tail, and writing costs a bounded multiple of the rows.
/// </summary>
internal sealed partial class SnapshotKeeping(
    MomentBook book, SnapshotStore store, IOptions<MomentOptions> options, IOptions<FoldLimits> limits, TimeProvider time, ILogger<SnapshotKeeping> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await store.CreateAsync(stoppingToken);
            var head = await book.HeadAsync(stoppingToken);
            foreach (var environment in await store.EnvironmentsAsync(stoppingToken))
                await RestoreAsync(environment, head, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogUnreadable(e);
        }

        book.Ready();
        using var timer = new PeriodicTimer(options.Value.SnapshotLook, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var environment in book.Environments)
                await LookAsync(environment, stoppingToken);
        }
    }

    private async Task RestoreAsync(string environment, MomentPositions head, CancellationToken cancellationToken)
    {
        var fold = default(MomentFold);
        var at = default(MomentPositions);
        try
        {
            if (await store.ReadAsync(environment, cancellationToken) is var (written, reader) && head.Reaches(written))
                (fold, at) = (MomentFold.Read(reader, limits.Value), written);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnusable(e, environment);
        }

        if (fold is null)
        {
            LogUnusable(null, environment);
            return;
        }

        book.Restore(fold, at);
        LogRestored(environment, fold.Followed.Count, fold.Units, at.Exposures, at.Events, head.Exposures, head.Events);
    }

    private async Task LookAsync(FollowedEnvironment environment, CancellationToken cancellationToken)
    {
        // It may take minutes; meanwhile the other environments are looked after.
        _ = book.ShortenAsync(environment);
        if (environment.Live is not { IsBroken: false } live)
            return;
        var gauges = live.Gauges();
        if (gauges.Rows - environment.SnapshotAt < Math.Max(options.Value.SnapshotRows, gauges.Size * options.Value.SnapshotShare))
            return;
        try
        {
            var (at, parts) = live.Snapshot();
            await store.WriteAsync(live.Environment, at, parts, cancellationToken);
            environment.SnapshotAt = gauges.Rows;
            LogWritten(live.Environment, gauges.Units, parts.Sum(part => (long)part.Length), at.Exposures, at.Events);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnwritten(e, live.Environment);
        }
    }

    [LoggerMessage(5014, LogLevel.Information, "The moments of '{Environment}' ({Flags} flags, {Units} units) go on after exposure {ExposurePosition} and event {EventPosition}; the logs stand at {ExposureHead} and {EventHead}.")]
    private partial void LogRestored(string environment, int flags, long units, long exposurePosition, long eventPosition, long exposureHead, long eventHead);

    [LoggerMessage(5015, LogLevel.Warning, "The snapshot of the moments of '{Environment}' can't be used; they are folded again from the first row when they are asked for.")]
    private partial void LogUnusable(Exception? exception, string environment);

    [LoggerMessage(5016, LogLevel.Warning, "The snapshots of the moments can't be read; they are folded again from the first row when they are asked for.")]
    private partial void LogUnreadable(Exception exception);

    [LoggerMessage(5017, LogLevel.Debug, "The moments of '{Environment}' ({Units} units) are kept in {Bytes} bytes at exposure {ExposurePosition} and event {EventPosition}.")]
    private partial void LogWritten(string environment, long units, long bytes, long exposurePosition, long eventPosition);

    [LoggerMessage(5018, LogLevel.Warning, "The moments of '{Environment}' could not be kept; it is tried again.")]
    private partial void LogUnwritten(Exception exception, string environment);
}
