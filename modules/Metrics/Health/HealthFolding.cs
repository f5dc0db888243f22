using Delivery.Contracts.Exposures;
using Delivery.Metrics.Events;
using Delivery.Segments;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Metrics.Health;

/// <summary>Tails the exposure ledger and the event log, from the first row on, into <see cref="LiveHealth"/>. A commit wakes it.</summary>
internal sealed partial class HealthFolding(LiveHealth health, IExposureFeed exposures, SegmentLog<MetricEvent> events, ILogger<HealthFolding> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var folding = new[]
            {
                FoldAsync("exposures", () => health.ExposurePosition, exposures.ReadAsync, health.Fold, both.Token),
                FoldAsync("events", () => health.EventPosition, events.ReadAsync, health.Fold, both.Token),
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
        string log, Func<long> position, Func<long, CancellationToken, IAsyncEnumerable<IReadOnlyList<TRow>>> read,
        Action<IReadOnlyList<TRow>> fold, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await foreach (var rows in read(position(), cancellationToken))
                    Fold(fold, rows);
            }
            catch (Exception e) when (e is not FoldBroken && !cancellationToken.IsCancellationRequested)
            {
                LogUnreadable(e, log, position());
                await Task.Delay(RetryAfter, cancellationToken);
            }
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

    [LoggerMessage(5001, LogLevel.Warning, "The log '{Log}' can't be read after position {Position}; release health stands still until it can.")]
    private partial void LogUnreadable(Exception exception, string log, long position);

    [LoggerMessage(5002, LogLevel.Critical, "A row broke the fold of release health; it starts again from the first row.")]
    private partial void LogBroken(Exception exception);

    private sealed class FoldBroken(Exception inner) : Exception("the fold broke", inner);
}
