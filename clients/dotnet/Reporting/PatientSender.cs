using Microsoft.Extensions.Logging;

namespace Delivery.Client.Reporting;

/// <summary>Sends one report at a time, each until the server acknowledged it or refused it for good.</summary>
internal sealed partial class PatientSender(Intake intake, DeliveryClientOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Retries _retries = new(options.RetryDelay, options.RetryDelayLimit, HashCode.Combine(intake.Path, options.ApplicationName));
    private readonly CancellationTokenSource _abandon = new();
    private readonly Lock _gate = new();
    private CancellationTokenSource? _pause;
    private volatile bool _hurrying;

    /// <summary>Cancelled when what is unsent is given up.</summary>
    internal CancellationToken Abandoned => _abandon.Token;

    /// <summary>Sends a report and counts what became of its records.</summary>
    internal async Task SendAsync(Batch batch, Tally tally)
    {
        try
        {
            for (var attempt = 1; !await IsSettledAsync(batch, tally, attempt); attempt++)
            {
            }
        }
        catch (OperationCanceledException) when (_abandon.IsCancellationRequested)
        {
            tally.Abandon(batch.Count);
        }
    }

    /// <summary>Ends a pause that the server did not ask for: it was just heard again.</summary>
    internal void TryNow()
    {
        lock (_gate)
            _pause?.Cancel();
    }

    /// <summary>From now on pauses are as short as they get: the process is stopping.</summary>
    internal void Hurry()
    {
        _hurrying = true;
        TryNow();
    }

    internal void Abandon() => _abandon.Cancel();

    public void Dispose() => _abandon.Dispose();

    private async Task<bool> IsSettledAsync(Batch batch, Tally tally, int attempt)
    {
        switch (await intake.SendAsync(batch, _abandon.Token))
        {
            case Answer.Acknowledged(var rejected, var fault):
                _retries.Reset();
                tally.Acknowledge(batch.Count - rejected);
                tally.Reject(rejected);
                if (rejected > 0)
                    LogRejected(intake.Path, rejected, batch.Count, fault);
                if (attempt > 1)
                    LogAtLast(intake.Path, batch.Count, attempt);
                return true;
            case Answer.Refused(var why):
                tally.Reject(batch.Count);
                LogRefused(intake.Path, batch.Count, why);
                return true;
            case Answer.Later(var after, var why):
                await PauseAsync(after, why, attempt);
                return false;
            default:
                throw new InvalidOperationException("An answer is acknowledged, later or refused.");
        }
    }

    private async Task PauseAsync(TimeSpan? after, string why, int attempt)
    {
        var own = _retries.Next();
        var pause = after > own ? after.Value : _hurrying ? options.RetryDelay : own;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        if (after is null && !_hurrying)
            Interruptible(either);
        if (attempt == 1)
            LogNotTaken(intake.Path, why);
        else
            LogRetry(intake.Path, why, attempt, pause.TotalMilliseconds);
        try
        {
            await Task.Delay(pause, time, either.Token);
        }
        catch (OperationCanceledException) when (!_abandon.IsCancellationRequested)
        {
            LogNow(intake.Path);
        }
        finally
        {
            Interruptible(null);
        }
    }

    private void Interruptible(CancellationTokenSource? pause)
    {
        lock (_gate)
            _pause = pause;
    }

    [LoggerMessage(9021, LogLevel.Warning, "{Path}: the server took the report but refused {Rejected} of {Count} records; the first: {Fault}")]
    private partial void LogRejected(string path, int rejected, int count, string? fault);

    [LoggerMessage(9022, LogLevel.Error, "{Path}: the server refused a report of {Count} records for good ({Why}); they are lost")]
    private partial void LogRefused(string path, int count, string why);

    [LoggerMessage(9023, LogLevel.Warning, "{Path}: a report was not acknowledged ({Why}); it is sent again until it is")]
    private partial void LogNotTaken(string path, string why);

    [LoggerMessage(9024, LogLevel.Debug, "{Path}: not acknowledged at attempt {Attempt} ({Why}); again in {PauseMilliseconds:F0} ms")]
    private partial void LogRetry(string path, string why, int attempt, double pauseMilliseconds);

    [LoggerMessage(9025, LogLevel.Debug, "{Path}: the retry goes at once")]
    private partial void LogNow(string path);

    [LoggerMessage(9026, LogLevel.Information, "{Path}: the report of {Count} records was acknowledged at attempt {Attempt}")]
    private partial void LogAtLast(string path, int count, int attempt);
}
