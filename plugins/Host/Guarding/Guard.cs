using System.Globalization;

namespace Delivery.Plugins.Host;

/// <summary>
/// Every call into a plugin goes through here: it has a deadline, its exceptions become values, and one that hangs releases its
/// caller. The plugin's code starts on a thread of its own, so that one that blocks takes none from the server; the places
/// are limited, so that one that always blocks holds so many threads and no more. Aborts have places of their own.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A call that hangs gives its place back whenever it ends; a semaphore whose wait handle was never asked for holds nothing to dispose of.")]
internal sealed class Guard(PluginHealth health, Redaction redaction, TimeProvider time, int mostCalls, TimeSpan grace)
{
    private readonly SemaphoreSlim _calls = new(mostCalls, mostCalls);
    private readonly SemaphoreSlim _aborts = new(mostCalls, mostCalls);

    /// <summary>Calls the plugin; an error instead of a value, never an exception but for the caller's own token.</summary>
    /// <param name="call">What is called, for people.</param>
    /// <param name="kind">Decides what a missing answer means, and which places it takes.</param>
    /// <param name="deadline">After so long the caller is released.</param>
    /// <param name="inner">The call.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async ValueTask<(T? Value, PluginError? Error)> CallAsync<T>(
        string call, CallKind kind, TimeSpan deadline, Func<CancellationToken, ValueTask<T>> inner, CancellationToken cancellationToken)
        where T : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        var places = kind == CallKind.Abort ? _aborts : _calls;
        using var late = new CancellationTokenSource(deadline, time);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        if (!await TryEnterAsync(places, until.Token))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (null, health.Failed(call, new PluginError(PluginErrorKind.Unavailable, $"{call}: {mostCalls} calls into the plugin have not come back; it takes no more")));
        }

        // Its own source: a call that hangs keeps its token long after these were disposed.
        var token = new CancellationTokenSource();
        var running = RunAsync(places, inner, token);
        await WaitAsync(running, until.Token);
        if (running.IsCompleted)
            return Translate(call, kind, await running, cancellationToken);
        await token.CancelAsync();
        await WaitAsync(running, grace);
        if (running.IsCompleted)
            return Translate(call, kind, await running, cancellationToken);
        health.Hangs(call, running);
        return (null, health.Failed(call, Silence(call, kind, cancellationToken.IsCancellationRequested ? "it was cancelled" : Seconds(deadline))));
    }

    /// <summary>A call that does no I/O by contract, from a caller that can't wait for a task.</summary>
    public (T? Value, PluginError? Error) Call<T>(string call, TimeSpan deadline, Func<T> inner, CancellationToken cancellationToken)
        where T : class =>
        CallAsync(call, CallKind.Read, deadline, _ => ValueTask.FromResult(inner()), cancellationToken).AsTask().GetAwaiter().GetResult();

    private static async Task<bool> TryEnterAsync(SemaphoreSlim places, CancellationToken until)
    {
        try
        {
            await places.WaitAsync(until);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<Ended<T>> RunAsync<T>(SemaphoreSlim places, Func<CancellationToken, ValueTask<T>> inner, CancellationTokenSource token)
    {
        try
        {
            var started = Task.Factory.StartNew(
                () => inner(token.Token).AsTask(), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
            return new Ended<T>(await (await started), null);
        }
        catch (Exception e)
        {
            return new Ended<T>(default, e);
        }
        finally
        {
            places.Release();
            token.Dispose();
        }
    }

    private static async Task WaitAsync(Task running, CancellationToken until)
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = until.Register(released.SetResult);
        await Task.WhenAny(running, released.Task);
    }

    private async Task WaitAsync(Task running, TimeSpan longest)
    {
        using var enough = new CancellationTokenSource(longest, time);
        await WaitAsync(running, enough.Token);
    }

    private (T? Value, PluginError? Error) Translate<T>(string call, CallKind kind, Ended<T> ended, CancellationToken cancellationToken)
        where T : class
    {
        switch (ended)
        {
            case { Value: { } value }:
                return (value, null);
            case { Exception: OperationCanceledException } when cancellationToken.IsCancellationRequested:
                throw new OperationCanceledException(cancellationToken);
            case { Exception: OperationCanceledException }:
                return (null, health.Failed(call, Silence(call, kind, "it was cancelled at its deadline")));
            case { Exception: { } thrown }:
                return (null, health.Failed(call, new PluginError(PluginErrorKind.Internal, redaction.Of($"{call}: the plugin threw {thrown.GetType().Name}: {thrown.Message}"))
                {
                    Retry = kind == CallKind.Read ? Retryability.No : Retryability.AfterRead,
                }));
            default:
                return (null, health.Failed(call, new PluginError(PluginErrorKind.Internal, $"{call}: the plugin answered nothing")));
        }
    }

    private static PluginError Silence(string call, CallKind kind, string why) => kind == CallKind.Read
        ? new PluginError(PluginErrorKind.Timeout, $"{call}: no answer, {why}")
        : new PluginError(PluginErrorKind.OutcomeUnknown, $"{call}: no answer, {why}; it may have taken effect");

    private static string Seconds(TimeSpan deadline) => string.Create(CultureInfo.InvariantCulture, $"not within {deadline.TotalSeconds:0.###} s");

    private readonly record struct Ended<T>(T? Value, Exception? Exception);
}

/// <summary>What kind of call it is.</summary>
internal enum CallKind
{
    /// <summary>Changes nothing: silence is <see cref="PluginErrorKind.Timeout"/>.</summary>
    Read,

    /// <summary>May change something: silence is <see cref="PluginErrorKind.OutcomeUnknown"/>.</summary>
    Write,

    /// <summary>A write with places of its own.</summary>
    Abort,
}
