using System.Collections.Immutable;
using Delivery.Plugins;
using Delivery.Plugins.Routing;

namespace MyPlugin;

/// <summary>The port: what every router has to get right. What your backend is lies in Backend.cs.</summary>
internal sealed class Router(Options options, Backend backend) : ITrafficRouter
{
    /// <summary>The finest difference of weights that the backend holds, in basis points: 100 for whole percents.</summary>
    private const int Step = 1;

    /// <summary>Capabilities default to nothing: claim what you saw the compliance suite pass.</summary>
    public RouterDescriptor Descriptor { get; } = new(
        $"MyPlugin at {options.Folder}",
        new RouterCapabilities
        {
            WeightStep = Step,
            HeaderOverrides = true,
            CookieOverrides = true,
            KeepsStateOverRestart = true,
            KeepsGeneration = true,
            Verifies = true,
        },
        [.. options.Routes.Select(r => new RouteDescription(r.Key, [.. r.Value]))]);

    public ImmutableArray<Fault> Validate(RouteIntent intent) => [];

    public async ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken) =>
        options.Routes.ContainsKey(route) ? State(route, await backend.ReadAsync(route, cancellationToken)) : NotFound(route);

    public ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken)
    {
        var rounded = intent with { Arms = intent.RoundedTo(Step) };
        var after = seen with { Generation = intent.Generation, Arms = rounded.Arms, Overrides = intent.Overrides, Mirror = intent.Mirror, Stickiness = intent.Stickiness };
        return ValueTask.FromResult<PluginResult<RoutePlan>>(new RoutePlan(after, seen.DifferencesTo(rounded), CheckedByBackend: false));
    }

    public async ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken)
    {
        var read = await ReadAsync(intent.Route, cancellationToken);
        if (read is not PluginResult<RouteState>.Ok { Value: var now })
            return read;
        if (intent.Generation < now.Generation)
            return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.Conflict, "a later intent was here"), now);
        return State(intent.Route, await backend.WriteAsync(intent with { Arms = intent.RoundedTo(Step) }, seenRevision, cancellationToken));
    }

    public async ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        switch (await ReadAsync(intent.Route, cancellationToken))
        {
            case PluginResult<RouteState>.Ok { Value: var state }:
                var differences = state.DifferencesTo(intent with { Arms = intent.RoundedTo(Step) });
                return differences.IsEmpty ? new Verification.Verified(state) : new Verification.Drifted(state, differences);
            case PluginResult<RouteState>.Failed failed:
                return new Verification.Unverifiable(failed.Error);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>No read, no revision, no word about the other arms, and no waiting for another call: it must work whatever is there.</summary>
    public async ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!options.Routes.ContainsKey(order.Route))
            return NotFound(order.Route);
        backend.Fence(order.Route, order.Generation);
        var all = new RouteIntent(order.Route, order.Generation, order.Stable, [new(order.Stable, BasisPoints.All)]);
        return State(order.Route, await backend.WriteAsync(all, seenRevision: null, cancellationToken));
    }

    private static PluginResult<RouteState> State(string route, PluginResult<Stored> stored) => stored switch
    {
        PluginResult<Stored>.Ok { Value: { Intent: { } intent, Revision: var revision } } =>
            new RouteState(route, revision, intent.Generation, intent.Arms, intent.Overrides, intent.Mirror, intent.Stickiness),
        PluginResult<Stored>.Ok { Value.Revision: var revision } => new RouteState(route, revision, null, [], []),
        PluginResult<Stored>.Failed failed => failed.Error,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private PluginError NotFound(string route) => new(PluginErrorKind.NotFound, $"there is no route '{route}'; there are {string.Join(", ", options.Routes.Keys)}");
}
