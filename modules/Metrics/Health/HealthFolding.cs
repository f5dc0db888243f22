using Delivery.Contracts.Exposures;
using Delivery.Metrics.Events;
using Delivery.Segments;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Metrics.Health;

/// <summary>Tails the exposure ledger and the event log, from the first row on, into <see cref="LiveHealth"/>. A commit wakes it.</summary>
internal sealed partial class HealthFolding(LiveHealth health, IExposureFeed exposures, SegmentLog<MetricEvent> events, LogHeads heads, ILogger<HealthFolding> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>A log that has rows and folds none for so long can't be read, or its last rows are no more.</summary>
    private const int MostLooks = 10;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var folding = new[]
            {
                FoldAsync(FoldedLog.Exposures, () => health.ExposurePosition, exposures.ReadAsync, health.Fold, row => row.ReceivedAt, both.Token),
                FoldAsync(FoldedLog.Events, () => health.EventPosition, events.ReadAsync, health.Fold, row => row.ReceivedAt, both.Token),
            };
            try
            {
                await await Task.WhenAny(folding);
            }
            catch (FoldBroken e)
            {
                LogBroken(e.InnerException!);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await both.CancelAsync();
            await Task.WhenAll(folding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            health.StartOver();
            await Task.Delay(RetryAfter, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Goes on where it was when the log can't be read; ends only with a broken fold or the server.</summary>
    private async Task FoldAsync<TRow>(
        FoldedLog log, Func<long> position, Func<long, CancellationToken, IAsyncEnumerable<IReadOnlyList<TRow>>> read,
        Action<IReadOnlyList<TRow>> fold, Func<TRow, DateTimeOffset> receivedAt, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await foreach (var rows in read(position(), cancellationToken))
                {
                    if (rows.Count > 0)
                        await StepAsync(log, receivedAt(rows[0]), cancellationToken);
                    Fold(fold, rows);
                }
            }
            catch (Exception e) when (e is not FoldBroken && !cancellationToken.IsCancellationRequested)
            {
                LogUnreadable(e, log, position());
                await Task.Delay(RetryAfter, cancellationToken);
            }
        }
    }

    /// <summary>Waits for the other log when that is far behind, and what is held for it takes much memory already.</summary>
    private async Task StepAsync(FoldedLog log, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        for (var looks = 0; health.StepOf(log, receivedAt) != LogStep.InStep; looks++)
        {
            var moved = health.Moved;
            await heads.ObserveAsync(cancellationToken);
            if (health.StepOf(log, receivedAt) != LogStep.Ahead)
                return;
            if (looks == MostLooks)
            {
                LogNotWaited(log);
                health.GiveUpWaiting(log);
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (await Task.WhenAny(moved, Task.Delay(LookAgainAfter, cancellationToken)) == moved)
                looks = 0;
        }
    }

    private static void Fold<TRow>(Action<IReadOnlyList<TRow>> fold, IReadOnlyList<TRow> rows)
    {
        try
        {
            fold(rows);
        }
        catch (Exception e)
        {
            throw new FoldBroken(e);
        }
    }

    [LoggerMessage(5001, LogLevel.Warning, "The log '{Log}' can't be read after position {Position}; release health lacks its rows until it can.")]
    private partial void LogUnreadable(Exception exception, FoldedLog log, long position);

    [LoggerMessage(5022, LogLevel.Warning, "Release health folds the log '{Log}' on; it has waited for rows of the other one, of which none came.")]
    private partial void LogNotWaited(FoldedLog log);

    [LoggerMessage(5002, LogLevel.Critical, "A row broke the fold of release health; it starts again from the first row.")]
    private partial void LogBroken(Exception exception);

    private sealed class FoldBroken(Exception inner) : Exception("the fold broke", inner);
}
