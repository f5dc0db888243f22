using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Host;

/// <summary>A plugin's router behind the guard: what the rest of the server calls.</summary>
internal sealed class GuardedRouter : ITrafficRouter
{
    private readonly ITrafficRouter _inner;
    private readonly Guard _guard;
    private readonly PluginHealth _health;
    private readonly Redaction _redaction;
    private readonly Deadlines _deadlines;
    private readonly GuardedWatch? _watch;

    public GuardedRouter(ITrafficRouter inner, RouterDescriptor descriptor, Guard guard, PluginHealth health, Redaction redaction, Deadlines deadlines)
    {
        (_inner, Descriptor, _guard, _health, _redaction, _deadlines) = (inner, descriptor, guard, health, redaction, deadlines);
        _watch = descriptor.Capabilities.Watches && inner is IWatchesRoutes watching ? new GuardedWatch(watching, health, redaction) : null;
    }

    /// <summary>Asked once, when the port was made: it is constant.</summary>
    public RouterDescriptor Descriptor { get; }

    /// <summary>The route's state whenever it changes; nothing for a router that can't tell.</summary>
    public IAsyncEnumerable<RouteState> WatchAsync(string route, CancellationToken cancellationToken) =>
        _watch?.FollowAsync(route, cancellationToken) ?? AsyncEnumerable.Empty<RouteState>();

    public ImmutableArray<Fault> Validate(RouteIntent intent)
    {
        var faults = IntentFaults.Of(intent, Descriptor);
        if (faults.Length > 0)
            return faults;
        var (own, error) = _guard.Call("validate", _deadlines.Read, () => new Box<ImmutableArray<Fault>>(_inner.Validate(intent)), CancellationToken.None);
        return own is null ? [new Fault("router", $"a plugin that can validate: {error!.Message}")] : own.Value;
    }

    public ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken) =>
        ResultAsync("read", CallKind.Read, _deadlines.Read, ct => _inner.ReadAsync(route, ct), cancellationToken);

    public ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken) =>
        ResultAsync("plan", CallKind.Read, _deadlines.Read, ct => _inner.PlanAsync(intent, seen, ct), cancellationToken);

    public ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken) =>
        ResultAsync("apply", CallKind.Write, _deadlines.Apply, ct => _inner.ApplyAsync(intent, seenRevision, ct), cancellationToken);

    public ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken) =>
        ResultAsync("abort", CallKind.Abort, _deadlines.Abort, ct => _inner.AbortAsync(order, ct), cancellationToken);

    public async ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        var (verification, error) = await _guard.CallAsync("verify", CallKind.Read, _deadlines.Read, ct => _inner.VerifyAsync(intent, ct), cancellationToken);
        switch (verification)
        {
            case null:
                return new Verification.Unverifiable(error!);
            case Verification.Unverifiable unverifiable:
                return new Verification.Unverifiable(_health.Failed("verify", _redaction.Of(unverifiable.Error)));
            default:
                _health.Answered();
                return verification;
        }
    }

    private async ValueTask<PluginResult<T>> ResultAsync<T>(
        string call, CallKind kind, TimeSpan deadline, Func<CancellationToken, ValueTask<PluginResult<T>>> inner, CancellationToken cancellationToken)
        where T : class
    {
        var (result, error) = await _guard.CallAsync(call, kind, deadline, inner, cancellationToken);
        switch (result)
        {
            case null:
                return error!;
            case PluginResult<T>.Failed failed:
                return failed with { Error = _health.Failed(call, _redaction.Of(failed.Error)) };
            default:
                _health.Answered();
                return result;
        }
    }
}

/// <summary>How long calls may take.</summary>
internal sealed record Deadlines(TimeSpan Read, TimeSpan Apply, TimeSpan Abort, TimeSpan Create)
{
    public static Deadlines Of(PluginHostOptions options) => new(
        TimeSpan.FromSeconds(options.ReadSeconds),
        TimeSpan.FromSeconds(options.ApplySeconds),
        TimeSpan.FromSeconds(options.AbortSeconds),
        TimeSpan.FromSeconds(options.CreateSeconds));
}

/// <summary>Carries a value type through the guard.</summary>
internal sealed record Box<T>(T Value);
