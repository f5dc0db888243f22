using Delivery.Contracts.Exposures;
using Delivery.Metrics.Events;
using Delivery.Segments;
using Microsoft.Extensions.Logging;

namespace Delivery.Metrics.Health;

/// <summary>
/// Looks where the two logs stand, so that an answer can say up to when it is complete. A database that does not answer
/// leaves the answer as it is: complete up to an earlier moment.
/// </summary>
internal sealed partial class LogHeads(LiveHealth health, IExposureFeed exposures, SegmentLog<MetricEvent> events, TimeProvider time, ILogger<LogHeads> logger)
{
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private long _last;

    public async ValueTask ObserveAsync(CancellationToken cancellationToken)
    {
        var last = Interlocked.Read(ref _last);
        var now = time.GetTimestamp();
        if ((last != 0 && time.GetElapsedTime(last, now) < Often) || Interlocked.CompareExchange(ref _last, now, last) != last)
            return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var at = time.GetUtcNow();
            var exposureHead = await exposures.HeadAsync(patience.Token);
            var eventHead = await events.HeadAsync(patience.Token);
            health.Observed(at, exposureHead, eventHead.Position);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnseen(e);
        }
    }

    [LoggerMessage(5003, LogLevel.Warning, "Where the logs stand can't be seen; release health is answered as of an earlier moment.")]
    private partial void LogUnseen(Exception exception);
}
