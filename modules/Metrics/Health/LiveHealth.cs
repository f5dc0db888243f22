using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Health;

/// <summary>
/// The fold and how far it is. One writer per log, any number of readers; a reader sees whole batches only.
/// </summary>
internal sealed partial class LiveHealth(IOptions<FoldLimits> limits, TimeProvider time, ILogger<LiveHealth> logger)
{
    /// <summary>Rows are given their time of receipt a moment before they are committed; no group takes so long.</summary>
    private static readonly TimeSpan LongestCommit = TimeSpan.FromHours(1);

    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);

    private static readonly TimeSpan WeighEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private ReleaseFold _fold = new(limits.Value);
    private FeedProgress _exposures = new();
    private FeedProgress _events = new();
    private DateTimeOffset _forgotten = time.GetUtcNow();
    private DateTimeOffset _weighed = time.GetUtcNow();

    /// <summary>The last folded position of the exposure ledger.</summary>
    public long ExposurePosition
    {
        get
        {
            lock (_gate)
                return _exposures.Position;
        }
    }

    /// <summary>The last folded position of the event log.</summary>
    public long EventPosition
    {
        get
        {
            lock (_gate)
                return _events.Position;
        }
    }

    public void Fold(IReadOnlyList<RecordedExposure> rows)
    {
        lock (_gate)
        {
            foreach (var row in rows)
                _fold.Apply(row);
            if (rows.Count > 0)
                _exposures.Folded(rows[^1].Position, rows[^1].ReceivedAt);
            Tidy();
        }
    }

    public void Fold(IReadOnlyList<MetricEvent> rows)
    {
        lock (_gate)
        {
            foreach (var row in rows)
                _fold.Apply(row);
            if (rows.Count > 0)
                _events.Folded(rows[^1].Position, rows[^1].ReceivedAt);
            Tidy();
        }
    }

    /// <summary>At a moment, or after it, the logs stood at these positions.</summary>
    public void Observed(DateTimeOffset at, long exposureHead, long eventHead)
    {
        lock (_gate)
        {
            _exposures.Observed(at, exposureHead);
            _events.Observed(at, eventHead);
        }
    }

    public ReleaseHealth Read(GetReleaseHealth query)
    {
        lock (_gate)
            return _fold.Read(query, time.GetUtcNow(), Earlier(_exposures.CompleteUpTo, _events.CompleteUpTo));
    }

    /// <summary>What is held, for the server's own telemetry.</summary>
    public FoldGauges Gauges()
    {
        lock (_gate)
            return new FoldGauges(_fold.Tally, _fold.Units, _fold.Cells, _fold.RememberedIds, _fold.WaitingBytes, _fold.UnitBytes, _fold.Limits.Lateness, _exposures.Position, _events.Position);
    }

    /// <summary>A row broke the fold: what is in memory can't be trusted, so it starts again from nothing.</summary>
    public void StartOver()
    {
        lock (_gate)
            (_fold, _exposures, _events) = (new ReleaseFold(limits.Value), new FeedProgress(), new FeedProgress());
    }

    private void Tidy()
    {
        Settle();
        var now = time.GetUtcNow();
        var shortens = now - _weighed >= WeighEvery && Weigh(now);
        if (now - _forgotten < ForgetEvery && !shortens)
            return;
        _forgotten = now;
        _fold.Forget(now);
    }

    private void Settle()
    {
        // Where so little is remembered that a commit's longest time would be most of it, that is shorter too.
        var longest = LongestCommit < _fold.Limits.Lateness || _fold.Limits == _fold.Limits.Configured ? LongestCommit : _fold.Limits.Lateness;
        _fold.Settle(Earlier(_exposures.ReceivedUpTo, _events.ReceivedUpTo) - longest);
    }

    /// <summary>
    /// Whether more is held than may be, and rows are waited for half as long from now on. Not while the logs are read from their first row: one of them is
    /// ahead then, and what is held tells nothing. What is known of units is not freed by it, and so is not counted.
    /// </summary>
    private bool Weigh(DateTimeOffset now)
    {
        _weighed = now;
        var (bytes, most) = (_fold.WaitingBytes, limits.Value.MostBytes);
        if (bytes <= most || Earlier(_exposures.CompleteUpTo, _events.CompleteUpTo) == DateTimeOffset.UnixEpoch || !_fold.Shorten())
            return false;
        LogShortened(bytes, most, _fold.Limits.Lateness);
        Settle();
        return true;
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    [LoggerMessage(5020, LogLevel.Warning, "Release health holds {Bytes} bytes of ids and requests, more than {MostBytes} (Metrics:Fold:MostBytes): rows that come in more than {Lateness} after their time are not counted from now on.")]
    private partial void LogShortened(long bytes, long mostBytes, TimeSpan lateness);
}

/// <summary>What the fold holds.</summary>
internal readonly record struct FoldGauges(FoldTally Tally, int Units, int Cells, int RememberedIds, long WaitingBytes, long UnitBytes, TimeSpan Lateness, long ExposurePosition, long EventPosition);
