using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Xds;

/// <summary>The router: a control plane that tells its clients, and believes what they acknowledge.</summary>
internal sealed class XdsRouter(XdsOptions options, ImmutableArray<RouteCell> cells, ControlPlane control, StateFile? store, TimeProvider time) : ITrafficRouter, IWatchesRoutes, IAsyncDisposable
{
    public RouterDescriptor Descriptor { get; } = new(
        $"xDS for {options.Clients} at {control.Address.GetLeftPart(UriPartial.Authority)}",
        Able(options.Clients, store is not null),
        [.. cells.Select(c => new RouteDescription(c.Resources.Name, [.. c.Resources.Options.Arms.Keys.Order(StringComparer.Ordinal)]))]);

    public ControlPlane Control { get; } = control;

    public ImmutableArray<RouteCell> Cells { get; } = cells;

    public ImmutableArray<Fault> Validate(RouteIntent intent) => intent.Stickiness is null ? [] :
    [
        .. intent.Mirror is null ? ImmutableArray<Fault>.Empty : [new("mirror", "no mirror beside stickiness")],
        .. intent.Arms.Index().Where(a => a.Item.Arm != intent.Stable && a.Item.Weight > 0 && StickyRing.PointsOf(a.Item.Weight) < Instances(intent.Route, a.Item.Arm))
            .Select(a => new Fault($"arms[{a.Index}].weight", $"with stickiness, at least one of the ring's {StickyRing.Size} points for each of its instances; {a.Item.Weight} basis points are fewer")),
    ];

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
        return ValueTask.FromResult<PluginResult<RoutePlan>>(new RoutePlan(after, seen.DifferencesTo(intent), CheckedByBackend: false));
    }

    public async ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Cell(intent.Route) is not { } cell)
            return NotFound(intent.Route);
        var applied = cell.Apply(intent, seenRevision, out var before);
        if (applied is not PluginResult<RouteState>.Ok { Value: var state })
            return applied;
        var kept = await KeptAsync(applied);
        var tally = await AnsweredAsync(cell, cancellationToken);
        if (tally is { Refusals: [var why, ..], Taken: 0, Waiting: 0 })
            return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.InvalidIntent, $"{why}; the route is as before"), await TakenBackAsync(cell, intent, before, why));
        if (tally.Refusals.Length > 0)
            return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.PartiallyApplied, tally.ToString()), state);
        return tally.Waiting > 0 && cancellationToken.IsCancellationRequested
            ? new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.OutcomeUnknown, $"cancelled; {tally}"), state)
            : kept;
    }

    public ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Cell(intent.Route) is not { } cell)
            return ValueTask.FromResult<Verification>(new Verification.Unverifiable(NotFound(intent.Route)));
        var (state, tally) = (cell.State, Control.Clients.Of(cell));
        ImmutableArray<string> refusals = cell.RefusalOf(intent.Generation) is { } why ? [why] : tally.Refusals;
        var differences = state.DifferencesTo(intent).AddRange(refusals);
        return ValueTask.FromResult<Verification>(
            differences.Length > 0 ? new Verification.Drifted(state, differences)
            : tally.Clients == 0 ? new Verification.Unverifiable(NobodyConnected)
            : tally.Waiting > 0 ? new Verification.Pending(tally.ToString())
            : new Verification.Verified(state));
    }

    /// <summary>Done when every client has said so: one that is not connected may route as before, and can't be asked.</summary>
    public async ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Cell(order.Route) is not { } cell)
            return NotFound(order.Route);
        if (!cell.Resources.Options.Arms.ContainsKey(order.Stable))
            return new PluginError(PluginErrorKind.NotFound, $"the route '{order.Route}' has no arm '{order.Stable}'");
        var aborted = cell.Abort(order);
        if (aborted is not PluginResult<RouteState>.Ok { Value: var state })
            return aborted;
        var kept = await KeptAsync(aborted);
        var tally = await AnsweredAsync(cell, cancellationToken);
        return tally.Clients == 0 ? new PluginResult<RouteState>.Failed(NobodyConnected with { Kind = PluginErrorKind.OutcomeUnknown, Retry = Retryability.Yes }, state)
            : tally.Refusals.Length > 0 ? new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.PartiallyApplied, tally.ToString()), state)
            : tally.Waiting > 0 ? new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.OutcomeUnknown, tally.ToString()), state)
            : kept;
    }

    public IAsyncEnumerable<RouteState> WatchAsync(string route, CancellationToken cancellationToken) =>
        Cell(route) is { } cell ? cell.Changes.FollowAsync(() => cell.State, cancellationToken) : AsyncEnumerable.Empty<RouteState>();

    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        store?.Dispose();
    }

    private static PluginError NobodyConnected { get; } = new(PluginErrorKind.Unavailable, "no client that follows the route is connected; who connects is told what the route was told");

    private static RouterCapabilities Able(XdsClients clients, bool kept) => new()
    {
        WeightStep = 1,
        MostArms = 2,
        HeaderOverrides = true,
        CookieOverrides = true,
        Mirroring = clients == XdsClients.Envoy,
        StickyByHeader = true,
        MonotoneRamp = true,
        StopsSticky = true,
        KeepsStateOverRestart = kept,
        KeepsGeneration = kept,
        LosesNoRequest = clients == XdsClients.Grpc,
        Verifies = true,
        Watches = true,
    };

    private async Task<Tally> AnsweredAsync(RouteCell cell, CancellationToken cancellationToken)
    {
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(options.AnswerSeconds), time);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
        return await Control.Clients.AnsweredAsync(cell, until.Token);
    }

    private async Task<RouteState> TakenBackAsync(RouteCell cell, RouteIntent refused, RouteIntent before, string why)
    {
        var state = cell.TakeBack(refused, before, why);
        await KeptAsync(state);
        return state;
    }

    private RouteCell? Cell(string route) => Cells.FirstOrDefault(c => c.Resources.Name == route);

    private int Instances(string route, string arm) => Cell(route)?.Resources.Options.Arms.GetValueOrDefault(arm)?.Count ?? 0;

    private PluginError NotFound(string route) =>
        new(PluginErrorKind.NotFound, $"there is no route '{route}'; there are {string.Join(", ", Cells.Select(c => c.Resources.Name))}");

    /// <summary>The clients are told already; a file that can't be written does not take it back, but it is said.</summary>
    private Task<PluginResult<RouteState>> KeptAsync(PluginResult<RouteState> result) => store is null
        ? Task.FromResult(result)
        : store.KeepAsync(result, () => Cells.Where(c => c.Told is not null).ToDictionary(c => c.Resources.Name, c => c.Told!), "the clients are told");
}
