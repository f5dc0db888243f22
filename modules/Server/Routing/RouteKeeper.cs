using System.Collections.Concurrent;
using System.Threading.Channels;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Host;
using Delivery.Plugins.Routing;
using Marten;
using Marten.Services;
using Mediator;

namespace Delivery.Server.Routing;

/// <summary>Routes that were told something, from the moment of its commit.</summary>
internal sealed class RouteDue
{
    private readonly Channel<(string Router, string Route)> _routes = Channel.CreateUnbounded<(string, string)>(new UnboundedChannelOptions { SingleReader = true });

    public IAsyncEnumerable<(string Router, string Route)> ReadAllAsync(CancellationToken cancellationToken) => _routes.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Adds the route when, and only when, the session commits.</summary>
    public void AfterCommit(IDocumentSession session, string router, string route) => session.Listeners.Add(new Listener(this, router, route));

    private sealed class Listener(RouteDue due, string router, string route) : DocumentSessionListenerBase
    {
        public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
        {
            due._routes.Writer.TryWrite((router, route));
            return Task.CompletedTask;
        }
    }
}

/// <summary>
/// Makes routers do what their routes were told, and keeps them there: at once after it was told, and over and over, so
/// that what a restarted backend lost or somebody else changed is told again. It keeps no state: a restart goes on where it was.
/// </summary>
internal sealed partial class RouteKeeper(
    IDocumentStore store, IServiceScopeFactory scopes, RouteSteering steering, PluginHost plugins, TimeProvider time, ILogger<RouteKeeper> logger)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _shifting = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _noting = new();

    /// <summary>Tells the router what the route was told last, unless it is known to be in line.</summary>
    public async Task<RouteStanding> BringAsync(string router, string name, CancellationToken cancellationToken)
    {
        if (await LoadAsync(router, name, cancellationToken) is not { } route)
            return new RouteStanding.Untold();
        return route.InLine ? new RouteStanding.InLine(route.ToldVersion) : await TellAsync(route, cancellationToken);
    }

    /// <summary>Looks at routes, and tells again what strayed.</summary>
    public async Task LookAsync(IReadOnlyList<Route> routes, CancellationToken cancellationToken)
    {
        await Task.WhenAll(routes.Where(r => plugins.Router(r.Router) is not null).Select(r => LookAsync(r, cancellationToken)));
    }

    /// <summary>Looks at a route that a router has told a change of. One that is not in line is being told already: the change is ours.</summary>
    public async Task LookAtChangeAsync(string router, string name, CancellationToken cancellationToken)
    {
        if (await LoadAsync(router, name, cancellationToken) is { InLine: true } route)
            await LookAsync(route, cancellationToken);
    }

    /// <summary>Every route that was told something.</summary>
    public async Task<IReadOnlyList<Route>> ToldAsync(CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        return await session.Query<Route>().ToListAsync(cancellationToken);
    }

    private async Task LookAsync(Route route, CancellationToken cancellationToken)
    {
        try
        {
            if (route.InLine)
            {
                var seen = await steering.VerifyAsync(route.Router, RouteDecisions.Intent(route.Told, route.Generation), cancellationToken);
                await NoteAsync(route, RouteDecisions.Looked(route, seen), cancellationToken);
                if (seen is not Verification.Drifted drifted)
                    return;
                LogStrayed(route.Key, string.Join("; ", drifted.Differences));
            }

            if (await LoadAsync(route.Router, route.Name, cancellationToken) is { InLine: false } behind)
                await TellAsync(behind, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(route.Key, e);
        }
    }

    /// <summary>A return overtakes a shift that hangs; two shifts wait for each other.</summary>
    private async Task<RouteStanding> TellAsync(Route route, CancellationToken cancellationToken)
    {
        if (route.Returned is { } stop)
            return await NotedAsync(route, await steering.AbortAsync(route.Router, new AbortOrder(route.Name, route.Told.Stable, route.Generation, RouteDecisions.Level(stop)), cancellationToken), cancellationToken);
        var one = _shifting.GetOrAdd(route.Id, _ => new SemaphoreSlim(1, 1));
        await one.WaitAsync(cancellationToken);
        try
        {
            if (await LoadAsync(route.Router, route.Name, cancellationToken) is { InLine: true } done && done.Generation == route.Generation)
                return new RouteStanding.InLine(done.ToldVersion);
            return await NotedAsync(route, await steering.ApplyAsync(route.Router, RouteDecisions.Intent(route.Told, route.Generation), cancellationToken), cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<RouteStanding> NotedAsync(Route route, Steered steered, CancellationToken cancellationToken)
    {
        var note = RouteDecisions.Told(route, steered);
        await NoteAsync(route, note, cancellationToken);
        if (note is RouteFellBehind behind)
            LogBehind(route.Key, behind.Kind, behind.Reason);
        return steered is { Error: null, Verification: Verification.Verified }
            ? new RouteStanding.InLine(route.ToldVersion)
            : new RouteStanding.Behind((note as RouteFellBehind)?.Reason ?? route.Trouble ?? "the router is not in line yet");
    }

    private async Task NoteAsync(Route route, object? note, CancellationToken cancellationToken)
    {
        if (note is null)
            return;
        var one = _noting.GetOrAdd(route.Id, _ => new SemaphoreSlim(1, 1));
        await one.WaitAsync(cancellationToken);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var audit = Audit.Platform("routing", $"route:{route.Key}", route.Rollout);
            await scope.ServiceProvider.GetRequiredService<ISender>().Send(new NoteRoute(audit, route.Router, route.Name, route.Generation, note, time.GetUtcNow()), cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<Route?> LoadAsync(string router, string name, CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Route>(Route.Stream(router, name), cancellationToken);
    }

    [LoggerMessage(7100, LogLevel.Warning, "Route {Route} strayed and is told again: {Differences}")]
    private partial void LogStrayed(string route, string differences);

    [LoggerMessage(7101, LogLevel.Warning, "Route {Route} is not in line; it is tried again. {Kind}: {Reason}")]
    private partial void LogBehind(string route, string kind, string reason);

    [LoggerMessage(7102, LogLevel.Error, "Route {Route} could not be looked at; the next round tries again")]
    private partial void LogFailed(string route, Exception exception);
}

/// <summary>
/// Brings routes in line at once after they were told something, and looks at all of them every few seconds; at those whose router tells of
/// changes, when it does.
/// </summary>
internal sealed partial class RouteRounds(RouteKeeper keeper, RouteWatches watches, RouteDue due, IConfiguration configuration, TimeProvider time, ILogger<RouteRounds> logger) : BackgroundService
{
    /// <summary>How often routes are looked at, in seconds, 0.1 to 3,600; default 5.</summary>
    private const string Setting = "Delivery:Routing:LookEverySeconds";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(AtOnceAsync(stoppingToken), OverAndOverAsync(stoppingToken));

    private async Task AtOnceAsync(CancellationToken stoppingToken)
    {
        await foreach (var (router, route) in due.ReadAllAsync(stoppingToken))
            _ = BringAsync(router, route, stoppingToken);
    }

    /// <summary>Catches what can go wrong: one route's router that hangs keeps no other route waiting.</summary>
    private async Task BringAsync(string router, string route, CancellationToken stoppingToken)
    {
        try
        {
            await keeper.BringAsync(router, route, stoppingToken);
            watches.Follow(router, route, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(e);
        }
    }

    private async Task OverAndOverAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Clamp(configuration.GetValue(Setting, 5.0), 0.1, 3_600)), time);
        do
        {
            try
            {
                var told = await keeper.ToldAsync(stoppingToken);
                foreach (var route in told)
                    watches.Follow(route.Router, route.Name, stoppingToken);
                await keeper.LookAsync(told, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(7103, LogLevel.Error, "Routes could not be brought in line; the next round tries again")]
    private partial void LogFailed(Exception exception);
}

internal sealed class BringRouteInLineHandler(RouteKeeper keeper) : IRequestHandler<BringRouteInLine, RouteStanding>
{
    public async ValueTask<RouteStanding> Handle(BringRouteInLine request, CancellationToken cancellationToken) =>
        await keeper.BringAsync(request.Router, request.Route, cancellationToken);
}
