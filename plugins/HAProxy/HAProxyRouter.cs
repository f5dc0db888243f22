using System.Collections.Concurrent;
using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.HAProxy;

/// <summary>The router: each change replaces a route's map at once, and HAProxy's frontend decides by the map.</summary>
internal sealed class HAProxyRouter(HAProxyOptions options, RuntimeApi api, TimeProvider time) : ITrafficRouter
{
    private const int MostOverrides = 1_000;
    private const int MostAttempts = 3;

    private readonly ConcurrentDictionary<string, long> _fences = new();
    private readonly Dictionary<string, BegunVersions> _versions = options.Routes.Keys.ToDictionary(r => r, _ => new BegunVersions(time, TimeSpan.FromSeconds(options.Seconds)));
    private readonly MapFiles _files = new();

    public RouterDescriptor Descriptor { get; } = new(
        $"HAProxy at {api.Address}",
        new RouterCapabilities
        {
            WeightStep = 1,
            MostArms = 2,
            HeaderOverrides = options.Routes.Values.Any(r => r.Headers.Count > 0),
            CookieOverrides = options.Routes.Values.Any(r => r.Cookies.Count > 0),
            StickyByHeader = options.Routes.Values.Any(r => r.Headers.Count > 0),
            StickyByCookie = options.Routes.Values.Any(r => r.Cookies.Count > 0),
            MonotoneRamp = true,
            StopsSticky = true,
            CutsInFlight = true,
            KeepsStateOverRestart = options.Routes.Values.All(r => r.WriteMap),
            KeepsGeneration = true,
            LosesNoRequest = true,
            Verifies = true,
        },
        [.. options.Routes.Select(r => new RouteDescription(r.Key, [.. r.Value.Arms.Keys.Order(StringComparer.Ordinal)]))]);

    public ImmutableArray<Fault> Validate(RouteIntent intent) =>
        options.Routes.TryGetValue(intent.Route, out var route) ? IntentLimits.Faults(intent, route, MostOverrides) : [];

    public async ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken) =>
        await SeeAsync(route, cancellationToken) switch
        {
            PluginResult<SeenRoute>.Ok ok => ok.Value.State,
            PluginResult<SeenRoute>.Failed failed => failed.Error,
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    public async ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken)
    {
        if (await SeeAsync(intent.Route, cancellationToken) is PluginResult<SeenRoute>.Failed failed)
            return failed.Error;
        var after = MapContent.Of(IntentLimits.Normal(intent), options.Routes[intent.Route]).ToState(intent.Route, options.Routes[intent.Route]);
        return new RoutePlan(after with { Revision = seen.Revision }, seen.DifferencesTo(IntentLimits.Normal(intent)), CheckedByBackend: false);
    }

    public async ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken)
    {
        var seen = await SeeAsync(intent.Route, cancellationToken);
        if (seen is PluginResult<SeenRoute>.Failed unseen)
            return unseen.Error;
        var now = ((PluginResult<SeenRoute>.Ok)seen).Value;
        var route = options.Routes[intent.Route];
        if (Fence(intent.Route, now.State.Generation) is var fence && intent.Generation < fence)
            return Refused(PluginErrorKind.Conflict, $"generation {fence} was here before {intent.Generation}", now);
        if (now.State.Revision != seenRevision)
            return Refused(PluginErrorKind.Conflict, $"the route is at revision {now.State.Revision}, not {seenRevision}", now);
        if (IntentLimits.Faults(intent, route, MostOverrides) is [var fault, ..])
            return Refused(PluginErrorKind.InvalidIntent, $"{fault.Field}: {fault.Accepted}", now);
        if (now.Unanswered(intent) is { } arm)
            return Refused(PluginErrorKind.Unavailable, $"no server of the arm '{arm}' is up: it gets no more traffic", now);
        var content = MapContent.Of(IntentLimits.Normal(intent), route);
        if (content.Revision == now.State.Revision)
            return await KeptAsync(intent.Route, content, now.State, cancellationToken);
        if (_versions[intent.Route].Busy(now.CurrentVersion, now.LastVersion))
            return Refused(PluginErrorKind.Conflict, "somebody else changes the map at this moment", now);
        return await WriteAsync(intent, content, now, cancellationToken);
    }

    public async ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken) =>
        await SeeAsync(intent.Route, cancellationToken) switch
        {
            PluginResult<SeenRoute>.Ok ok when ok.Value.State.DifferencesTo(IntentLimits.Normal(intent)) is { Length: > 0 } differences => new Verification.Drifted(ok.Value.State, differences),
            PluginResult<SeenRoute>.Ok ok => new Verification.Verified(ok.Value.State),
            PluginResult<SeenRoute>.Failed failed => new Verification.Unverifiable(failed.Error),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    public async ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!options.Routes.TryGetValue(order.Route, out var route))
            return NotFound(order.Route);
        if (!route.Arms.ContainsKey(order.Stable))
            return new PluginError(PluginErrorKind.NotFound, $"the route '{order.Route}' has no arm '{order.Stable}'; it has {string.Join(", ", route.Arms.Keys)}");
        if (Fence(order.Route, null) is var fence && order.Generation < fence)
            return new PluginError(PluginErrorKind.Conflict, $"generation {fence} was here before {order.Generation}");
        // Before the version is prepared: an intent that prepares later sees it, and one that prepared earlier can't commit after it.
        Raise(order.Route, order.Generation);
        var content = MapContent.Of(new RouteIntent(order.Route, order.Generation, order.Stable, [new(order.Stable, BasisPoints.All)]), route);
        for (var attempt = 1; ; attempt++)
        {
            var result = await ReplaceAsync(order, route, content, cancellationToken);
            if (result is not PluginResult<RouteState>.Failed { Error.Kind: PluginErrorKind.Conflict } || attempt == MostAttempts)
                return result;
        }
    }

    private async Task<PluginResult<RouteState>> WriteAsync(RouteIntent intent, MapContent content, SeenRoute now, CancellationToken cancellationToken)
    {
        var write = new MapWrite(api, options.Routes[intent.Route].Map, _versions[intent.Route]);
        var begin = await write.BeginAsync([], cancellationToken);
        if (begin is PluginResult<MapWrite.Begun>.Failed failed)
            return failed.Error;
        var version = ((PluginResult<MapWrite.Begun>.Ok)begin).Value.Version;
        var aborted = Fence(intent.Route, null) > intent.Generation;
        if (version != now.LastVersion + 1 || aborted)
        {
            write.GiveUp(version);
            return Refused(PluginErrorKind.Conflict, aborted ? $"an abort came before generation {intent.Generation}" : "somebody else changes the map at this moment", now);
        }

        var result = await CommittedAsync(intent.Route, await write.CommitAsync(version, content, [], cancellationToken));
        if (result is PluginResult<RouteState>.Ok)
            Raise(intent.Route, intent.Generation);
        return result;
    }

    private async Task<PluginResult<RouteState>> ReplaceAsync(AbortOrder order, HAProxyRoute route, MapContent content, CancellationToken cancellationToken)
    {
        var write = new MapWrite(api, route.Map, _versions[order.Route]);
        var others = order.Level == AbortLevel.CutInFlight ? route.Arms.Where(a => a.Key != order.Stable).Select(a => a.Value).ToList() : [];
        var begin = await write.BeginAsync([.. others.Select(SeenRoute.ShowServers)], cancellationToken);
        if (begin is PluginResult<MapWrite.Begun>.Failed failed)
            return failed.Error;
        var begun = ((PluginResult<MapWrite.Begun>.Ok)begin).Value;
        var cuts = others.Zip(begun.Answers.Select(ArmServers.Of))
            .SelectMany(o => o.Second?.Names.Select(server => $"shutdown sessions server {o.First}/{server}") ?? []);
        return await CommittedAsync(order.Route, await write.CommitAsync(begun.Version, content, [.. cuts], cancellationToken));
    }

    private async Task<PluginResult<SeenRoute>> SeeAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!options.Routes.TryGetValue(name, out var route))
            return NotFound(name);
        return await api.AskAsync(SeenRoute.Commands(route), Asking.Reads, cancellationToken) switch
        {
            PluginResult<RuntimeAnswers>.Ok ok => SeenRoute.Of(name, route, ok.Value),
            PluginResult<RuntimeAnswers>.Failed failed => failed.Error,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<PluginResult<RouteState>> CommittedAsync(string name, PluginResult<MapContent> committed) => committed switch
    {
        PluginResult<MapContent>.Ok ok => await KeptAsync(name, ok.Value, ok.Value.ToState(name, options.Routes[name]), CancellationToken.None),
        PluginResult<MapContent>.Failed failed => failed.Error,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The traffic has moved already; a file that can't be written does not take it back, but it is said.</summary>
    private async Task<PluginResult<RouteState>> KeptAsync(string name, MapContent content, RouteState state, CancellationToken cancellationToken)
    {
        if (options.Routes[name] is not { WriteMap: true } route || await _files.WriteAsync(route.Map, content.Text, cancellationToken) is not { } why)
            return state;
        return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.PartiallyApplied, $"the traffic has moved; the map's file could not be written: {why}"), state);
    }

    private long Fence(string route, long? seen) => Math.Max(_fences.GetValueOrDefault(route), seen ?? 0);

    private void Raise(string route, long generation) => _fences.AddOrUpdate(route, generation, (_, before) => Math.Max(before, generation));

    private static PluginResult<RouteState> Refused(PluginErrorKind kind, string why, SeenRoute now) =>
        new PluginResult<RouteState>.Failed(new PluginError(kind, why), now.State);

    private PluginError NotFound(string route) =>
        new(PluginErrorKind.NotFound, $"there is no route '{route}'; there are {string.Join(", ", options.Routes.Keys)}");
}
