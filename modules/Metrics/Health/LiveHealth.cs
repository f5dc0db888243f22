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

    /// <summary>While more is held than may be.</summary>
    private static readonly TimeSpan ForgetAtLeastEvery = TimeSpan.FromSeconds(10);

    /// <summary>How much earlier than its own rows all of the other log must be folded, once a log is to go in step.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private ReleaseFold _fold = new(limits.Value);
    private FeedProgress _exposures = new();
    private FeedProgress _events = new();
    private DateTimeOffset _forgotten = time.GetUtcNow();

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

    /// <summary>
    /// Where one of the logs stands against the other, before rows of it that came in at a time are folded. A log that is far ahead has rows wait in memory for what
    /// the other will bring: nothing is settled before both are there.
    /// </summary>
    public LogStep StepOf(FoldedLog log, DateTimeOffset receivedAt)
    {
        lock (_gate)
        {
            var other = log == FoldedLog.Exposures ? _events : _exposures;
            return _fold.WaitingBytes + _fold.UnitBytes <= limits.Value.MostBytes / 4 || receivedAt <= other.ReceivedUpTo + Step ? LogStep.InStep
                : other.IsBehind ? LogStep.Ahead
                : LogStep.AheadOfAnIdleOne;
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
            return new FoldGauges(_fold.Tally, _fold.Units, _fold.Cells, _fold.RememberedIds, _fold.WaitingBytes, _fold.UnitBytes, _fold.Limits.Lateness, _fold.Sample, _exposures.Position, _events.Position);
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
        var most = limits.Value.MostBytes;
        // What is waited for goes on growing for half as long again until the first of it is let go.
        var (tooMuchWaits, tooMuchKnown) = (_fold.WaitingBytes > most / 2, _fold.UnitBytes > most / 2);
        if (now - _forgotten >= (tooMuchWaits || tooMuchKnown ? ForgetAtLeastEvery : ForgetEvery))
        {
            _forgotten = now;
            _fold.Forget(now);
        }
        else if (tooMuchWaits && _fold.Shorten())
        {
            LogShortened(most, _fold.Limits.Lateness);
            Settle();
        }
        else if ((tooMuchKnown && _fold.Thin(sparingly: false)) || (_fold.Limits.IsShortest && _fold.WaitingBytes > most && _fold.Thin(sparingly: true)))
        {
            LogThinned(most, 1 / _fold.Sample.Share);
        }
    }

    private void Settle()
    {
        // Where so little is remembered that a commit's longest time would be most of it, that is shorter too.
        var longest = LongestCommit < _fold.Limits.Lateness || _fold.Limits == _fold.Limits.Configured ? LongestCommit : _fold.Limits.Lateness;
        _fold.Settle(Earlier(_exposures.ReceivedUpTo, _events.ReceivedUpTo) - longest);
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    [LoggerMessage(5020, LogLevel.Warning, "Release health holds ids, requests and exposures of more than half of {MostBytes} bytes (Metrics:Fold:MostBytes): rows that come in more than {Lateness} after their time are not counted from now on.")]
    private partial void LogShortened(long mostBytes, TimeSpan lateness);

    [LoggerMessage(5021, LogLevel.Warning, "Release health knows more units than {MostBytes} bytes do for (Metrics:Fold:MostBytes): it counts one of {OneOf} units from now on, of all arms alike.")]
    private partial void LogThinned(long mostBytes, double oneOf);
}

/// <summary>What is folded.</summary>
internal enum FoldedLog
{
    /// <summary>The exposure ledger.</summary>
    Exposures,

    /// <summary>The log of metric events.</summary>
    Events,
}

/// <summary>Where a log stands against the other.</summary>
internal enum LogStep
{
    /// <summary>Near enough, or there is room enough.</summary>
    InStep,

    /// <summary>The other has rows that are to be folded first.</summary>
    Ahead,

    /// <summary>The other had no more rows when it was looked at last, which may be long ago.</summary>
    AheadOfAnIdleOne,
}

/// <summary>What the fold holds.</summary>
internal readonly record struct FoldGauges(FoldTally Tally, int Units, int Cells, int RememberedIds, long WaitingBytes, long UnitBytes, TimeSpan Lateness, UnitSample Sample, long ExposurePosition, long EventPosition);
