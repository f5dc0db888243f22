namespace Delivery.Plugins.Host;

/// <summary>How an instance is doing, as its calls show it.</summary>
internal sealed class PluginHealth(TimeProvider time)
{
    private readonly Lock _lock = new();
    private PluginStatus _status = new(PluginState.Starting, time.GetUtcNow(), null, null, 0, 0, 0);

    public PluginStatus Status
    {
        get
        {
            lock (_lock)
                return _status;
        }
    }

    /// <summary>The port is there.</summary>
    public void Ready() => Change(s => s with { State = PluginState.Ready });

    /// <summary>The port could not be made; it is tried again.</summary>
    public void NotMade(string reason) => Change(s => s with { State = PluginState.Broken, LastError = reason, LastErrorAt = time.GetUtcNow() });

    /// <summary>A call was answered, and the backend with it.</summary>
    public void Answered() => Change(s => s with { Calls = s.Calls + 1, State = s.Hanging > 0 ? PluginState.Unhealthy : PluginState.Ready });

    /// <summary>A call failed; who is to blame follows from the kind.</summary>
    public PluginError Failed(string call, PluginError error)
    {
        Change(s => s with
        {
            Calls = s.Calls + 1,
            Failures = s.Failures + 1,
            LastError = $"{call}: {error.Kind}: {error.Message}",
            LastErrorAt = time.GetUtcNow(),
            State = s.Hanging > 0 || error.Kind == PluginErrorKind.Internal ? PluginState.Unhealthy
                : error.Kind is PluginErrorKind.Unavailable or PluginErrorKind.Unauthorized or PluginErrorKind.Timeout or PluginErrorKind.Throttled or PluginErrorKind.OutcomeUnknown ? PluginState.Degraded
                : s.State is PluginState.Starting ? PluginState.Ready : s.State,
        });
        return error;
    }

    /// <summary>A call has not come back; the instance is unhealthy until it does.</summary>
    public void Hangs(string call, Task running)
    {
        Change(s => s with { Hanging = s.Hanging + 1, State = PluginState.Unhealthy, LastError = $"{call} hangs", LastErrorAt = time.GetUtcNow() });
        running.ContinueWith(
            _ => Change(s => s with { Hanging = s.Hanging - 1, State = s.Hanging == 1 ? PluginState.Degraded : s.State }),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Something of the plugin threw outside of any call.</summary>
    public void ThrewAlone(string message) =>
        Change(s => s with { State = PluginState.Unhealthy, Failures = s.Failures + 1, LastError = message, LastErrorAt = time.GetUtcNow() });

    private void Change(Func<PluginStatus, PluginStatus> change)
    {
        lock (_lock)
        {
            var changed = change(_status);
            _status = changed.State == _status.State ? changed : changed with { Since = time.GetUtcNow() };
        }
    }
}

/// <summary>How an instance is doing.</summary>
/// <param name="State">In one word.</param>
/// <param name="Since">Since when.</param>
/// <param name="LastError">The last failure; no secrets.</param>
/// <param name="LastErrorAt">When it was.</param>
/// <param name="Calls">Calls that ended.</param>
/// <param name="Failures">Those that failed.</param>
/// <param name="Hanging">Calls that have not come back after their deadline.</param>
public sealed record PluginStatus(
    PluginState State, DateTimeOffset Since, string? LastError, DateTimeOffset? LastErrorAt, long Calls, long Failures, int Hanging);

/// <summary>How an instance is doing, in one word.</summary>
public enum PluginState
{
    /// <summary>Not yet called.</summary>
    Starting = 0,

    /// <summary>The last call was answered.</summary>
    Ready = 1,

    /// <summary>The plugin works; its backend does not answer, or not as it should.</summary>
    Degraded = 2,

    /// <summary>The plugin itself throws or hangs.</summary>
    Unhealthy = 3,

    /// <summary>It could not make its port; tried again with growing waits.</summary>
    Broken = 4,
}
