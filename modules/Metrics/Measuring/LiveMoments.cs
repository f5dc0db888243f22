using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using Delivery.Segments;
using Microsoft.Extensions.Logging;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// A fold that follows both logs from where it is, woken by each commit. The exposures are read to their head first: then
/// old events need not be kept for exposures to come.
/// </summary>
internal sealed partial class LiveMoments(
    MomentFold fold, MomentPositions at, IExposureFeed exposures, SegmentLog<MetricEvent> events, MomentMemory memory, TimeProvider time, ILogger<LiveMoments> logger,
    bool isPassing = false) : IAsyncDisposable
{
    /// <summary>Memory is looked at after so many rows.</summary>
    private const int WeighEvery = 4_096;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Rows are given their time of receipt a moment before they are committed; no group takes so long.</summary>
    private static readonly TimeSpan LongestCommit = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(MomentPositions Until, TaskCompletionSource Reached)> _waiting = [];
    private MomentPositions _at = at;
    private Exception? _broken;
    private long _weighAt = WeighEvery;
    private Task _running = Task.CompletedTask;
    private Task? _disposing;

    public string Environment => fold.Environment;

    public IReadOnlyList<FollowedFlag> Followed => fold.Followed;

    public FoldLimits Limits => fold.Limits;

    /// <summary>Rows folded since the start of this process.</summary>
    public long Rows { get; private set; }

    public bool IsBroken => Volatile.Read(ref _broken) is not null;

    /// <summary>Whether it is made for one question and let go after it.</summary>
    public bool IsPassing => isPassing;

    /// <summary>That it outgrew its memory and ended; null while it did not.</summary>
    public FoldTooLarge? TooLarge => Volatile.Read(ref _broken) as FoldTooLarge;

    public bool Covers(GetMoments question) => fold.Covers(question.Flag, question.FromVersion, question.Metrics.Select(m => m.Definition));

    public void Start()
    {
        memory.Note(this, fold.Bytes);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Waits until all rows up to these positions are folded.</summary>
    public Task ReachAsync(MomentPositions until, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_broken is { } broken)
                return Task.FromException(broken);
            if (_at.Reaches(until))
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((until, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }

    public MetricMoments Read(GetMoments question, DateTimeOffset completeUpTo)
    {
        lock (_gate)
            return new MetricMoments(fold.Read(question.Flag, question.FromVersion, question.Metrics), completeUpTo, _at.Exposures, _at.Events, fold.Limits.Lateness.TotalSeconds, fold.Limits.History.TotalSeconds);
    }

    /// <summary>The state as bytes, and the positions it stands for.</summary>
    public (MomentPositions At, IReadOnlyList<byte[]> Parts) Snapshot()
    {
        lock (_gate)
        {
            var writer = new SnapshotWriter();
            fold.Write(writer);
            return (_at, writer.Parts());
        }
    }

    public MomentGauges Gauges()
    {
        lock (_gate)
            return new MomentGauges(Rows, fold.Units, fold.Size, fold.Bytes, _at);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
            return new ValueTask(_disposing ??= DisposeOnceAsync());
    }

    private async Task DisposeOnceAsync()
    {
        await Task.Yield();
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Break(new ObjectDisposedException(nameof(LiveMoments)));
        memory.LetGo(this);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var head = await HeadAsync();
        var exposing = FoldAsync("exposures", exposures.ReadAsync, () => _at.Exposures, Fold, _stop.Token);
        await Task.WhenAny(exposing, ReachAsync(new MomentPositions(head, 0), _stop.Token));
        await Task.WhenAll(exposing, FoldAsync("events", events.ReadAsync, () => _at.Events, Fold, _stop.Token));
    }

    private async Task<long> HeadAsync()
    {
        while (true)
        {
            try
            {
                return await exposures.HeadAsync(_stop.Token);
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                LogUnreadable(e, "exposures", Environment, _at.Exposures);
                await Task.Delay(RetryAfter, time, _stop.Token);
            }
        }
    }

    private void Fold(IReadOnlyList<RecordedExposure> rows)
    {
        fold.Apply(rows);
        _at = _at with { Exposures = rows[^1].Position };
    }

    private void Fold(IReadOnlyList<MetricEvent> rows)
    {
        fold.Apply(rows);
        _at = _at with { Events = rows[^1].Position };
    }

    /// <summary>Goes on where it was when the log can't be read; a row that breaks the fold ends it.</summary>
    private async Task FoldAsync<TRow>(
        string log, Func<long, CancellationToken, IAsyncEnumerable<IReadOnlyList<TRow>>> read, Func<long> position,
        Action<IReadOnlyList<TRow>> apply, CancellationToken cancellationToken)
    {
        while (!IsBroken)
        {
            try
            {
                await foreach (var rows in read(position(), cancellationToken))
                {
                    if (IsBroken || !TryFold(rows, apply))
                        return;
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogUnreadable(e, log, Environment, position());
                await Task.Delay(RetryAfter, time, cancellationToken);
            }
        }
    }

    private bool TryFold<TRow>(IReadOnlyList<TRow> rows, Action<IReadOnlyList<TRow>> apply)
    {
        lock (_gate)
        {
            try
            {
                apply(rows);
                Rows += rows.Count;
            }
            catch (Exception e)
            {
                LogBroken(e, Environment, _at.Exposures, _at.Events);
                Break(new InvalidOperationException("A row broke the fold of the moments.", e));
                return false;
            }

            if (Rows >= _weighAt && Weigh() is { } tooLarge)
            {
                Break(tooLarge);
                return false;
            }

            foreach (var waiting in _waiting.Where(w => _at.Reaches(w.Until)).ToList())
            {
                _waiting.Remove(waiting);
                waiting.Reached.SetResult();
            }

            return true;
        }
    }

    private FoldTooLarge? Weigh()
    {
        _weighAt = Rows + WeighEvery;
        return memory.IsTooMuch(this, fold.Bytes) ? new FoldTooLarge(fold.Limits, fold.Remembered, fold.UnitBytes) : null;
    }

    /// <summary>At a moment, or after it, the exposures stood at a head: what is older is folded once it is passed.</summary>
    public void Observed(DateTimeOffset moment, long exposureHead)
    {
        lock (_gate)
        {
            if (_at.Exposures >= exposureHead)
                fold.ExposuresFolded(moment - LongestCommit);
        }
    }

    private void Break(Exception cause)
    {
        lock (_gate)
        {
            _broken ??= cause;
            foreach (var (_, reached) in _waiting)
                reached.TrySetException(cause);
            _waiting.Clear();
        }
    }

    [LoggerMessage(5012, LogLevel.Warning, "The log '{Log}' can't be read for the moments of '{Environment}' after position {Position}; they stand still until it can.")]
    private partial void LogUnreadable(Exception exception, string log, string environment, long position);

    [LoggerMessage(5013, LogLevel.Critical, "A row broke the moments of '{Environment}' after exposure {ExposurePosition} and event {EventPosition}; the next question folds them again from the first row.")]
    private partial void LogBroken(Exception exception, string environment, long exposurePosition, long eventPosition);
}

/// <summary>How far both logs are folded.</summary>
internal readonly record struct MomentPositions(long Exposures, long Events)
{
    public bool Reaches(MomentPositions other) => Exposures >= other.Exposures && Events >= other.Events;
}

/// <summary>What a fold holds.</summary>
internal readonly record struct MomentGauges(long Rows, long Units, long Size, long Bytes, MomentPositions At);
