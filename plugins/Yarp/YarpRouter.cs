using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Yarp;

/// <summary>The router: a proxy in this process, told by swapping a reference.</summary>
internal sealed class YarpRouter(ImmutableArray<RouteCell> cells, Proxy proxy, StateFile? store) : ITrafficRouter, IWatchesRoutes, IAsyncDisposable
{
    public RouterDescriptor Descriptor { get; } = new(
        $"YARP in this process at {string.Join(", ", proxy.Addresses)}",
        new RouterCapabilities
        {
            WeightStep = 1,
            MostArms = 2,
            HeaderOverrides = true,
            CookieOverrides = true,
            Mirroring = true,
            StickyByHeader = true,
            StickyByCookie = true,
            MonotoneRamp = true,
            StopsSticky = true,
            CutsInFlight = true,
            KeepsStateOverRestart = store is not null,
            KeepsGeneration = true,
            LosesNoRequest = true,
            Verifies = true,
            Watches = true,
        },
        [.. cells.Select(c => new RouteDescription(c.Name, [.. c.Options.Arms.Keys.Order(StringComparer.Ordinal)]))]);

    public Proxy Proxy { get; } = proxy;

    public ImmutableArray<Fault> Validate(RouteIntent intent) => [];

    public ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<PluginResult<RouteState>>(Cell(route) is { } cell ? cell.State : NotFound(route));
    }

    public ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Cell(intent.Route) is null)
            return ValueTask.FromResult<PluginResult<RoutePlan>>(NotFound(intent.Route));
        var after = new RouteState(seen.Route, seen.Revision, intent.Generation, intent.Arms, intent.Overrides, intent.Mirror, intent.Stickiness);
        return ValueTask.FromResult<PluginResult<RoutePlan>>(new RoutePlan(after, seen.DifferencesTo(intent), CheckedByBackend: true));
    }

    public async ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Cell(intent.Route) is { } cell ? await KeptAsync(cell.Apply(intent, seenRevision)) : NotFound(intent.Route);
    }

    public ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Cell(intent.Route) is not { } cell)
            return ValueTask.FromResult<Verification>(new Verification.Unverifiable(NotFound(intent.Route)));
        var state = cell.State;
        return ValueTask.FromResult<Verification>(state.DifferencesTo(intent) is { Length: > 0 } differences
            ? new Verification.Drifted(state, differences)
            : new Verification.Verified(state));
    }

    public async ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Cell(order.Route) is not { } cell ? NotFound(order.Route)
            : !cell.Options.Arms.ContainsKey(order.Stable) ? new PluginError(PluginErrorKind.NotFound, $"the route '{order.Route}' has no arm '{order.Stable}'")
            : await KeptAsync(cell.Abort(order));
    }

    public IAsyncEnumerable<RouteState> WatchAsync(string route, CancellationToken cancellationToken) =>
        Cell(route) is { } cell ? cell.Changes.FollowAsync(() => cell.State, cancellationToken) : AsyncEnumerable.Empty<RouteState>();

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        store?.Dispose();
    }

    private RouteCell? Cell(string route) => cells.FirstOrDefault(c => c.Name == route);

    private PluginError NotFound(string route) =>
        new(PluginErrorKind.NotFound, $"there is no route '{route}'; there are {string.Join(", ", cells.Select(c => c.Name))}");

    /// <summary>The traffic has moved already; a file that can't be written does not take it back, but it is said.</summary>
    private Task<PluginResult<RouteState>> KeptAsync(PluginResult<RouteState> result) => store is null
        ? Task.FromResult(result)
        : store.KeepAsync(result, () => cells.Where(c => c.Told is not null).ToDictionary(c => c.Name, c => c.Told!), "the traffic has moved");
}
