using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Delivery.Client.Reporting;

/// <summary>
/// Sends what was recorded, in batches, one at a time and each until the server acknowledged it. Recording never waits:
/// what does not fit is counted.
/// </summary>
internal sealed partial class Reporter<T> : IDisposable
    where T : struct
{
    private readonly BoundedRing<T> _ring;
    private readonly BatchWriter<T> _writer;
    private readonly Intake _intake;
    private readonly DeliveryClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Retries _retries;
    private readonly WakeSignal _wake = new();
    private readonly ConcurrentQueue<(long UpTo, TaskCompletionSource Done)> _flushes = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly CancellationTokenSource _hurry = new();
    private ITimer? _timer;
    private Task _loop = Task.CompletedTask;
    private long _settled;
    private volatile bool _stopped;
    private long _overflowTold;

    internal Reporter(int capacity, WriteRecord<T> write, Intake intake, DeliveryClientOptions options, TimeProvider time, ILogger logger)
    {
        _ring = new BoundedRing<T>(capacity);
        _writer = new BatchWriter<T>(_ring, write, options.BatchSize, options.CompressAboveBytes, time);
        _intake = intake;
        _options = options;
        _time = time;
        _logger = logger;
        _retries = new Retries(options.RetryDelay, options.RetryDelayLimit, HashCode.Combine(intake.Path, options.ApplicationName));
    }

    internal Tally Tally { get; } = new();

    internal long Recorded => _ring.Written;

    internal long Waiting => _ring.Written - Volatile.Read(ref _settled);

    internal void Record(in T record)
    {
        if (_stopped)
            Tally.Abandon(1);
        else if (!_ring.TryWrite(record))
            Tally.Overflow();
        if (_ring.Count >= _options.BatchSize)
            _wake.Set();
    }

    internal void Start()
    {
        _timer = _time.CreateTimer(static wake => ((WakeSignal)wake!).Set(), _wake, _options.FlushInterval, _options.FlushInterval);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Completes when everything recorded before the call is settled: acknowledged, or counted as lost.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_loop.IsCompleted)
            return Task.CompletedTask;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _flushes.Enqueue((_ring.Written, done));
        _wake.Set();
        return done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Reports what is left, until <paramref name="deadline"/>; what is then unreported is counted as abandoned.</summary>
    internal async Task StopAsync(CancellationToken deadline)
    {
        await using (deadline.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _abandon))
        {
            await _hurry.CancelAsync();
            _wake.Set();
            await _loop;
        }

        _stopped = true;
        if (_timer is not null)
            await _timer.DisposeAsync();
        Abandon();
        CompleteFlushes();
        TellLosses();
    }

    public void Dispose()
    {
        _abandon.Dispose();
        _hurry.Dispose();
        _writer.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            var stopping = _hurry.IsCancellationRequested;
            while (!_abandon.IsCancellationRequested && Take() is { } batch)
                await SettleAsync(batch);
            TellLosses();
            CompleteFlushes();
            if (stopping)
                return;
            await _wake.WaitAsync();
        }
    }

    private Batch? Take()
    {
        var batch = _writer.Next(out var faults);
        if (faults > 0)
        {
            Tally.Reject(faults);
            Volatile.Write(ref _settled, _settled + faults);
            LogUnwritable(_intake.Path, faults);
        }

        return batch;
    }

    private async Task SettleAsync(Batch batch)
    {
        try
        {
            while (!await IsSettledAsync(batch))
            {
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            Tally.Abandon(batch.Count);
        }

        Volatile.Write(ref _settled, _settled + batch.Count);
        CompleteFlushes();
    }

    private async Task<bool> IsSettledAsync(Batch batch)
    {
        switch (await _intake.SendAsync(batch, _abandon.Token))
        {
            case Answer.Acknowledged(var rejected, var fault):
                _retries.Reset();
                Tally.Acknowledge(batch.Count - rejected);
                Tally.Reject(rejected);
                if (rejected > 0)
                    LogRejected(_intake.Path, rejected, batch.Count, fault);
                return true;
            case Answer.Refused(var why):
                Tally.Reject(batch.Count);
                LogRefused(_intake.Path, batch.Count, why);
                return true;
            case Answer.Later(var after, var why):
                await PauseAsync(after, why);
                return false;
            default:
                throw new InvalidOperationException("An answer is acknowledged, later or refused.");
        }
    }

    private async Task PauseAsync(TimeSpan? after, string why)
    {
        var own = _retries.Next();
        var pause = after > own ? after.Value : own;
        LogRetry(_intake.Path, Waiting, why, pause.TotalMilliseconds);
        if (_hurry.IsCancellationRequested)
            pause = _options.RetryDelay;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token, _hurry.IsCancellationRequested ? CancellationToken.None : _hurry.Token);
        try
        {
            await Task.Delay(pause, _time, either.Token);
        }
        catch (OperationCanceledException) when (!_abandon.IsCancellationRequested)
        {
            LogHurry(_intake.Path);
        }
    }

    private void Abandon()
    {
        var count = 0;
        while (_ring.TryRead(out _))
            count++;
        Tally.Abandon(count);
        Volatile.Write(ref _settled, _settled + count);
    }

    private void CompleteFlushes()
    {
        while (_flushes.TryPeek(out var flush) && flush.UpTo <= _settled && _flushes.TryDequeue(out flush))
            flush.Done.TrySetResult();
    }

    private void TellLosses()
    {
        var losses = Tally.Losses;
        if (losses.Overflowed > _overflowTold)
            LogOverflow(_intake.Path, losses.Overflowed - _overflowTold, losses.Overflowed, _ring.Capacity);
        _overflowTold = losses.Overflowed;
        if (_hurry.IsCancellationRequested && losses.Abandoned > 0)
            LogAbandoned(_intake.Path, losses.Abandoned);
    }

    [LoggerMessage(9020, LogLevel.Warning, "{Path}: the queue of {Capacity} was full; {Count} records were lost since the last report, {Total} in all")]
    private partial void LogOverflow(string path, long count, long total, int capacity);

    [LoggerMessage(9021, LogLevel.Warning, "{Path}: the server took the report but refused {Rejected} of {Count} records; the first: {Fault}")]
    private partial void LogRejected(string path, int rejected, int count, string? fault);

    [LoggerMessage(9022, LogLevel.Error, "{Path}: the server refused a report of {Count} records for good ({Why}); they are lost")]
    private partial void LogRefused(string path, int count, string why);

    [LoggerMessage(9023, LogLevel.Information, "{Path}: not acknowledged ({Why}); {Waiting} records wait, the same report goes again in {PauseMilliseconds:F0} ms")]
    private partial void LogRetry(string path, long waiting, string why, double pauseMilliseconds);

    [LoggerMessage(9024, LogLevel.Warning, "{Path}: the shutdown deadline passed; {Count} records were not reported")]
    private partial void LogAbandoned(string path, long count);

    [LoggerMessage(9026, LogLevel.Warning, "{Path}: {Count} records could not be written as JSON; they are lost")]
    private partial void LogUnwritable(string path, int count);

    [LoggerMessage(9025, LogLevel.Debug, "{Path}: stopping, so the retry goes at once")]
    private partial void LogHurry(string path);
}
