using Delivery.Contracts.Routing;
using JasperFx.Events;

namespace Delivery.Server.Routing;

/// <summary>A route was told how its traffic shall go.</summary>
internal sealed record RouteShifted(RouteTraffic Traffic, string Rollout, long Generation);

/// <summary>A route was told to take everything to one arm.</summary>
internal sealed record RouteReturned(string Router, string Route, string Stable, RouteStop Stop, string Rollout, long Generation);

/// <summary>The router itself said that it routes as it was told.</summary>
/// <param name="Attempts">How many it took.</param>
/// <param name="Revision">The backend's revision.</param>
internal sealed record RouteCameInLine(long Generation, int Attempts, string? Revision);

/// <summary>The router could not be brought in line, or it can't be told whether it is; it is tried again.</summary>
/// <param name="Kind">The error's kind, or <c>Pending</c>.</param>
internal sealed record RouteFellBehind(long Generation, string Kind, string Reason);

/// <summary>The router had something else than it was told; it is told again.</summary>
internal sealed record RouteStrayed(long Generation, IReadOnlyList<string> Differences);

/// <summary>A route as its events tell it.</summary>
internal sealed record Route
{
    /// <summary>The stream's key, <c>route:ROUTER:ROUTE</c>.</summary>
    public required string Id { get; init; }

    public required string Router { get; init; }
    public required string Name { get; init; }

    /// <summary>What is wanted, by the last shift; after a return, all on stable.</summary>
    public required RouteTraffic Told { get; init; }

    /// <summary>How hard everything was taken back; null after a shift.</summary>
    public RouteStop? Returned { get; init; }

    public required string Rollout { get; init; }
    public long Generation { get; init; }

    /// <summary>The stream version of what was told last.</summary>
    public long ToldVersion { get; init; }

    public bool InLine { get; init; }
    public string? Trouble { get; init; }
    public int Version { get; set; }

    public string Key => KeyOf(Router, Name);

    public static string KeyOf(string router, string route) => $"{router}:{route}";

    public static string Stream(string router, string route) => $"route:{KeyOf(router, route)}";

    public static Route Create(IEvent<RouteShifted> e) => new Route
    {
        Id = Stream(e.Data.Traffic.Router, e.Data.Traffic.Route),
        Router = e.Data.Traffic.Router,
        Name = e.Data.Traffic.Route,
        Told = e.Data.Traffic,
        Rollout = e.Data.Rollout,
    }.Apply(e);

    public static Route Create(IEvent<RouteReturned> e) => new Route
    {
        Id = Stream(e.Data.Router, e.Data.Route),
        Router = e.Data.Router,
        Name = e.Data.Route,
        Told = AllTo(e.Data),
        Rollout = e.Data.Rollout,
    }.Apply(e);

    public Route Apply(IEvent<RouteShifted> e) => this with
    {
        Told = e.Data.Traffic,
        Returned = null,
        Rollout = e.Data.Rollout,
        Generation = e.Data.Generation,
        ToldVersion = e.Version,
        InLine = false,
        Trouble = null,
    };

    public Route Apply(IEvent<RouteReturned> e) => this with
    {
        Told = AllTo(e.Data),
        Returned = e.Data.Stop,
        Rollout = e.Data.Rollout,
        Generation = e.Data.Generation,
        ToldVersion = e.Version,
        InLine = false,
        Trouble = null,
    };

    public Route Apply(IEvent<RouteCameInLine> e) => e.Data.Generation == Generation ? this with { InLine = true, Trouble = null } : this;

    public Route Apply(IEvent<RouteFellBehind> e) =>
        e.Data.Generation == Generation ? this with { InLine = false, Trouble = $"{e.Data.Kind}: {e.Data.Reason}" } : this;

    public Route Apply(IEvent<RouteStrayed> e) =>
        e.Data.Generation == Generation ? this with { InLine = false, Trouble = string.Join("; ", e.Data.Differences) } : this;

    private static RouteTraffic AllTo(RouteReturned e) => new(e.Router, e.Route, e.Stable, e.Stable, 0);
}
