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

    /// <summary>The least, while much is held.</summary>
    private static readonly TimeSpan ForgetUnderPressureEvery = TimeSpan.FromSeconds(10);

    /// <summary>How far a log may be ahead of the other once they go in step.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private ReleaseFold _fold = new(limits.Value);
    private FeedProgress _exposures = new();
    private FeedProgress _events = new();
    private long _forgotten = time.GetTimestamp();
    private TimeSpan _forgetting;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
            Move();
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
            Move();
        }
    }

    /// <summary>
    /// Where one of the logs stands against the other, before rows of it that came in at a time are folded. A log that is far ahead has rows wait in memory for what
    /// the other will bring: nothing is settled before both are there. Of two logs that wait, that with the earlier rows never has to.
    /// </summary>
    public LogStep StepOf(FoldedLog log, DateTimeOffset receivedAt)
    {
        lock (_gate)
        {
            var (own, other) = log == FoldedLog.Exposures ? (_exposures, _events) : (_events, _exposures);
            own.Next(receivedAt);
            return _fold.WaitingBytes + _fold.UnitBytes <= limits.Value.MostBytes / 4 || receivedAt <= other.Frontier + Step ? LogStep.InStep
                : other.IsBehind && !other.IsStuck ? LogStep.Ahead
                : LogStep.AheadOfIdle;
        }
    }

    /// <summary>Ends when something was folded.</summary>
    public Task Moved
    {
        get
        {
            lock (_gate)
                return _moved.Task;
        }
    }

    /// <summary>The other log is not waited for any more until it moves: nothing was folded for long.</summary>
    public void GiveUpWaiting(FoldedLog log)
    {
        lock (_gate)
            (log == FoldedLog.Exposures ? _events : _exposures).IsStuck = true;
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
        var began = time.GetTimestamp();
        var (since, held) = (time.GetElapsedTime(_forgotten, began), _fold.WaitingBytes + _fold.UnitBytes);
        // Units are gone through while readers wait: for a fifth of the time at most, and only where that frees much before less is counted.
        var patience = held > limits.Value.MostBytes / 2 && _fold.HasMuchSettled ? _forgetting * 4
            : held > limits.Value.MostBytes * 3 / 8 && _fold.HasMuchSettled ? Longer(ForgetUnderPressureEvery, _forgetting * 20)
            : ForgetEvery;
        if (since >= patience)
        {
            _fold.Forget(time.GetUtcNow());
            _forgotten = time.GetTimestamp();
            _forgetting = time.GetElapsedTime(began, _forgotten);
        }

        var lessening = _fold.Lessen();
        if (lessening == Lessening.Shorten)
            LogShortened(limits.Value.MostBytes, _fold.Limits.Lateness);
        else if (lessening == Lessening.Thin)
            LogThinned(limits.Value.MostBytes, 1 / _fold.Sample.Share);
        if (lessening != Lessening.Nothing)
            Settle();
    }

    private void Settle()
    {
        // Where so little is remembered that a commit's longest time would be most of it, that is shorter too.
        var longest = LongestCommit < _fold.Limits.Lateness || _fold.Limits == _fold.Limits.Configured ? LongestCommit : _fold.Limits.Lateness;
        _fold.Settle(Earlier(_exposures.ReceivedUpTo, _events.ReceivedUpTo) - longest);
    }

    private void Move()
    {
        _moved.TrySetResult();
        _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    [LoggerMessage(5020, LogLevel.Warning, "Release health takes more than half of {MostBytes} bytes (Metrics:Fold:MostBytes): rows that come in more than {Lateness} after their time are not counted from now on.")]
    private partial void LogShortened(long mostBytes, TimeSpan lateness);

    [LoggerMessage(5021, LogLevel.Warning, "Release health takes more than half of {MostBytes} bytes (Metrics:Fold:MostBytes): it counts one of {OneOf} units from now on, of all arms alike.")]
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
    AheadOfIdle,
}

/// <summary>What the fold holds.</summary>
internal readonly record struct FoldGauges(FoldTally Tally, int Units, int Cells, int RememberedIds, long WaitingBytes, long UnitBytes, TimeSpan Lateness, UnitSample Sample, long ExposurePosition, long EventPosition);
