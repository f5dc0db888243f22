using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Delivery.Client.Reporting;

/// <summary>
/// Reports what was recorded: a batch each flush interval, more while more than a batch waits. Recording never waits:
/// what does not fit is counted.
/// </summary>
internal sealed partial class Reporter<T> : IDisposable
    where T : struct
{
    private readonly BoundedRing<T> _ring;
    private readonly BatchWriter<T> _writer;
    private readonly PatientSender _sender;
    private readonly DeliveryClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _path;
    private readonly WakeSignal _wake = new();
    private readonly ConcurrentQueue<(long UpTo, TaskCompletionSource Done)> _flushes = new();
    private ITimer? _timer;
    private Task _loop = Task.CompletedTask;
    private volatile bool _stopping;
    private volatile bool _stopped;
    private long _settled;
    private long _overflowTold;

    internal Reporter(int capacity, WriteRecord<T> write, Intake intake, DeliveryClientOptions options, TimeProvider time, ILogger logger)
    {
        _ring = new BoundedRing<T>(capacity);
        _writer = new BatchWriter<T>(_ring, write, options.BatchSize, options.CompressAboveBytes, time);
        _sender = new PatientSender(intake, options, time, logger);
        _options = options;
        _time = time;
        _logger = logger;
        _path = intake.Path;
    }

    internal Tally Tally { get; } = new();

    internal BoundedRing<T> Queue => _ring;

    /// <summary>How many records wait for their acknowledgement.</summary>
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

    /// <summary>The server was heard again, so a report that waits for its retry goes now.</summary>
    internal void TryNow() => _sender.TryNow();

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
        await using (deadline.UnsafeRegister(static sender => ((PatientSender)sender!).Abandon(), _sender))
        {
            _stopping = true;
            _sender.Hurry();
            _wake.Set();
            await _loop;
        }

        _stopped = true;
        if (_timer is not null)
            await _timer.DisposeAsync();
        AbandonRest();
        CompleteFlushes();
        TellLosses();
    }

    public void Dispose()
    {
        _sender.Dispose();
        _writer.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            var last = _stopping;
            // Only what waits now: what arrives meanwhile waits for the next interval, or reports would be as small as the traffic is slow.
            for (var upTo = _ring.Written; _settled < upTo && !_sender.Abandoned.IsCancellationRequested;)
                await ReportAsync();
            TellLosses();
            CompleteFlushes();
            if (last)
                return;
            await _wake.WaitAsync();
        }
    }

    private async Task ReportAsync()
    {
        var batch = _writer.Next(out var faults);
        if (faults > 0)
        {
            Tally.Reject(faults);
            LogUnwritable(_path, faults);
        }

        if (batch is not null)
            await _sender.SendAsync(batch, Tally);
        else if (faults == 0)
            await Task.Yield();
        Volatile.Write(ref _settled, _settled + faults + (batch?.Count ?? 0));
        CompleteFlushes();
    }

    private void AbandonRest()
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
            LogOverflow(_path, losses.Overflowed - _overflowTold, losses.Overflowed, _ring.Capacity);
        _overflowTold = losses.Overflowed;
        if (_stopped && losses.Abandoned > 0)
            LogAbandoned(_path, losses.Abandoned);
    }

    [LoggerMessage(9020, LogLevel.Warning, "{Path}: the queue of {Capacity} was full; {Count} records were lost since the last report, {Total} in all")]
    private partial void LogOverflow(string path, long count, long total, int capacity);

    [LoggerMessage(9027, LogLevel.Warning, "{Path}: the shutdown deadline passed; {Count} records were not reported")]
    private partial void LogAbandoned(string path, long count);

    [LoggerMessage(9028, LogLevel.Warning, "{Path}: {Count} records could not be written as JSON; they are lost")]
    private partial void LogUnwritable(string path, int count);
}
