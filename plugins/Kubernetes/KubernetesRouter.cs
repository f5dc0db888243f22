using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Kubernetes;

/// <summary>The router: reads an object, patches it on the version read, and lets the API server decide who was first.</summary>
internal sealed class KubernetesRouter(KubernetesOptions options, RouteShape shape, KubeApi api) : ITrafficRouter, IWatchesRoutes, IDisposable
{
    private const int MostAttempts = 10;

    public RouterDescriptor Descriptor { get; } = new(
        $"{shape.BackendName} at {api.Server}",
        shape.Capabilities,
        [.. options.Routes.Select(r => new RouteDescription(r.Key, [.. r.Value.Arms.Keys.Order(StringComparer.Ordinal)]))]);

    public ImmutableArray<Fault> Validate(RouteIntent intent) => [];

    public async ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await FindAsync(route, cancellationToken) is var (found, state, error) && error is null ? state! : error!;
    }

    public async ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (found, state, error) = await FindAsync(intent.Route, cancellationToken);
        if (error is not null)
            return error;
        var differences = state!.DifferencesTo(shape.Normal(intent));
        if (differences.Length == 0)
            return new RoutePlan(state, [], CheckedByBackend: true);
        var tried = await WriteAsync(intent, found!, dryRun: true, cancellationToken);
        return tried is PluginResult<RouteState>.Ok ok
            ? new RoutePlan(ok.Value with { Revision = seen.Revision }, [.. differences.Select(d => $"PATCH {ObjectOf(Route(intent.Route)!)}: {d}")], CheckedByBackend: true)
            : ((PluginResult<RouteState>.Failed)tried).Error;
    }

    public async ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (found, state, error) = await FindAsync(intent.Route, cancellationToken);
        if (error is not null)
            return error;
        if (state!.Generation > intent.Generation)
            return Conflict($"generation {state.Generation} was here before {intent.Generation}", state);
        if (state.Revision != seenRevision)
            return Conflict($"the object is at version {state.Revision}, not {seenRevision}", state);
        return state.Generation == intent.Generation && state.DifferencesTo(shape.Normal(intent)).Length == 0
            ? state
            : await WriteAsync(intent, found!, dryRun: false, cancellationToken);
    }

    public async ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (found, state, error) = await FindAsync(intent.Route, cancellationToken);
        return error is not null ? new Verification.Unverifiable(error)
            : state!.DifferencesTo(shape.Normal(intent)) is { Length: > 0 } differences ? new Verification.Drifted(state, differences)
            : shape.NotYetCarriedOut(state, found!) ?? new Verification.Verified(state);
    }

    /// <summary>It has to read: the rules are a list, and what is foreign in it stays. Who writes between is read again.</summary>
    public async ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Route(order.Route) is { } route && !route.Arms.ContainsKey(order.Stable))
            return new PluginError(PluginErrorKind.NotFound, $"the route '{order.Route}' has no arm '{order.Stable}'");
        var intent = new RouteIntent(order.Route, order.Generation, order.Stable, [new ArmWeight(order.Stable, BasisPoints.All)]);
        for (var attempt = 1; ; attempt++)
        {
            var (found, state, error) = await FindAsync(order.Route, cancellationToken);
            if (error is not null)
                return error;
            if (state!.Generation > order.Generation)
                return Conflict($"generation {state.Generation} was here before {order.Generation}", state);
            if (state.Generation == order.Generation && state.DifferencesTo(intent).Length == 0)
                return state;
            var written = await WriteAsync(intent, found!, dryRun: false, cancellationToken);
            if (attempt == MostAttempts || written is not PluginResult<RouteState>.Failed { Error.Kind: PluginErrorKind.Conflict })
                return written;
        }
    }

    public async IAsyncEnumerable<RouteState> WatchAsync(string route, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (_, state, error) = await FindAsync(route, cancellationToken);
        if (error is not null)
            yield break;
        yield return state!;
        var of = Route(route)!;
        await using var changes = api.WatchAsync(CollectionOf(of, shape.Kind), of.Name!, state!.Revision, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(changes) is { } changed)
        {
            if (shape.Read(route, of, changed) is PluginResult<RouteState>.Ok ok)
                yield return ok.Value;
        }
    }

    public void Dispose() => api.Dispose();

    /// <summary>A watch that breaks off has ended; the host asks again.</summary>
    private static async Task<JsonObject?> NextAsync(IAsyncEnumerator<JsonObject> changes)
    {
        try
        {
            return await changes.MoveNextAsync() ? changes.Current : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return null;
        }
    }

    private static string CollectionOf(KubernetesRoute route, (string Api, string Plural) kind) => $"/{kind.Api}/namespaces/{Uri.EscapeDataString(route.Namespace)}/{kind.Plural}";

    private static PluginResult<RouteState> Conflict(string why, RouteState now) => new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.Conflict, why), now);

    private string ObjectOf(KubernetesRoute route) => $"{CollectionOf(route, shape.Kind)}/{Uri.EscapeDataString(route.Name!)}";

    private KubernetesRoute? Route(string name) => options.Routes.GetValueOrDefault(name);

    private async Task<(JsonObject? Found, RouteState? State, PluginError? Error)> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (Route(name) is not { } route)
            return (null, null, new PluginError(PluginErrorKind.NotFound, $"there is no route '{name}'; there are {string.Join(", ", options.Routes.Keys)}"));
        var got = await api.GetAsync(ObjectOf(route), cancellationToken);
        if (got is not PluginResult<JsonObject>.Ok found)
            return (null, null, ((PluginResult<JsonObject>.Failed)got).Error);
        var read = shape.Read(name, route, found.Value);
        return read is PluginResult<RouteState>.Ok ok ? (found.Value, ok.Value, null) : (null, null, ((PluginResult<RouteState>.Failed)read).Error);
    }

    private async Task<PluginResult<RouteState>> WriteAsync(RouteIntent intent, JsonObject found, bool dryRun, CancellationToken cancellationToken)
    {
        var route = Route(intent.Route)!;
        if (await AddSubsetsAsync(route, intent, dryRun, cancellationToken) is { } unready)
            return unready;
        var made = shape.Patch(route, found, intent);
        if (made is not PluginResult<JsonObject>.Ok patch)
            return ((PluginResult<JsonObject>.Failed)made).Error;
        var patched = await api.PatchAsync(ObjectOf(route), patch.Value, dryRun, cancellationToken);
        return patched is PluginResult<JsonObject>.Ok ok ? shape.Read(intent.Route, route, ok.Value) : ((PluginResult<JsonObject>.Failed)patched).Error;
    }

    /// <summary>Before traffic goes to a subset, the subset is there.</summary>
    private async Task<PluginError?> AddSubsetsAsync(KubernetesRoute route, RouteIntent intent, bool dryRun, CancellationToken cancellationToken)
    {
        if (route.DestinationRule is null || (intent.Overrides.Length == 0 && intent.Arms.All(a => a.Arm == intent.Stable || a.Weight == 0)))
            return null;
        var path = $"{CollectionOf(route, (shape.Kind.Api, "destinationrules"))}/{Uri.EscapeDataString(route.DestinationRule)}";
        var got = await api.GetAsync(path, cancellationToken);
        if (got is not PluginResult<JsonObject>.Ok found)
            return ((PluginResult<JsonObject>.Failed)got).Error;
        return IstioShape.Subsets(route, intent, found.Value) switch
        {
            PluginResult<JsonObject>.Ok patch => (await api.PatchAsync(path, patch.Value, dryRun, cancellationToken) as PluginResult<JsonObject>.Failed)?.Error,
            PluginResult<JsonObject>.Failed unlabelled => unlabelled.Error,
            _ => null,
        };
    }
}
