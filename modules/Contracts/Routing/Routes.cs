using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Contracts.Routing;

/// <summary>
/// Tells a route how its traffic shall go: the whole desired state. It records what is wanted and answers; the traffic follows
/// at once (see <see cref="BringRouteInLine"/>). Idempotent: the same again changes nothing and answers with the present version.
/// </summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Traffic">What is wanted.</param>
/// <param name="Rollout">The rollout it is for; a route belongs to one rollout at a time.</param>
public sealed record ShiftRoute(Audit Audit, RouteTraffic Traffic, string Rollout) : Command(Audit);

/// <summary>Takes all of a route's traffic to one arm, whatever else is wanted or under way; overrides are gone after it. Idempotent.</summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Router">The router's instance.</param>
/// <param name="Route">The route.</param>
/// <param name="Stable">The arm that takes everything.</param>
/// <param name="Stop">How hard.</param>
/// <param name="Rollout">The rollout that ends.</param>
public sealed record ReturnRoute(Audit Audit, string Router, string Route, string Stable, RouteStop Stop, string Rollout) : Command(Audit);

/// <summary>How hard traffic is taken back.</summary>
public enum RouteStop
{
    /// <summary>New units only; who was sent elsewhere stays there.</summary>
    New = 0,

    /// <summary>Sticky units too, with their next request.</summary>
    Sticky = 1,

    /// <summary>Requests in flight are cut.</summary>
    InFlight = 2,
}

/// <summary>Makes the router do what the route was told last, now, and says how it stands. May be sent any number of times.</summary>
public sealed record BringRouteInLine(string Router, string Route) : IRequest<RouteStanding>;

/// <summary>How a route stands to what it was told. Closed.</summary>
public abstract record RouteStanding
{
    private RouteStanding()
    {
    }

    /// <summary>Nothing was ever told.</summary>
    public sealed record Untold : RouteStanding;

    /// <summary>The router itself said that it routes so.</summary>
    /// <param name="Version">The stream version of what was told.</param>
    public sealed record InLine(long Version) : RouteStanding;

    /// <summary>Not yet, or not any more, or it can't be told: it is tried again.</summary>
    /// <param name="Reason">Why, for people.</param>
    public sealed record Behind(string Reason) : RouteStanding;
}

/// <summary>What is wrong with traffic for the router: an unknown router, route or arm, or more than its capabilities. Empty when it can be told. Asked before a rollout starts.</summary>
public sealed record CheckRoute(RouteTraffic Traffic) : IQuery<IReadOnlyList<FieldError>>;

/// <summary>Asks for a route; null when no router has it.</summary>
public sealed record FindRoute(string Router, string Route) : IQuery<RouteSummary?>;

/// <summary>A route as it was told and as it stands.</summary>
/// <param name="Router">The router's instance.</param>
/// <param name="Route">The route.</param>
/// <param name="Backend">What is behind the instance, for people.</param>
/// <param name="Arms">Its arms.</param>
/// <param name="LosesNoRequest">Whether a change of weights never costs a request.</param>
/// <param name="Told">What it was told last; null for nothing.</param>
/// <param name="Rollout">By which rollout.</param>
/// <param name="InLine">Whether it was seen to route so.</param>
/// <param name="Trouble">Why not, when it is not.</param>
/// <param name="Version">The stream version; 0 when nothing was ever told.</param>
public sealed record RouteSummary(
    string Router, string Route, string Backend, IReadOnlyList<string> Arms, bool LosesNoRequest, RouteTraffic? Told, string? Rollout, bool InLine, string? Trouble, long Version);

/// <summary>The whole desired traffic of a route.</summary>
/// <param name="Router">The router's instance.</param>
/// <param name="Route">The route.</param>
/// <param name="Stable">The present deployment's arm: takes what the canary does not.</param>
/// <param name="Canary">The new deployment's arm.</param>
/// <param name="CanaryWeight">The canary's part in basis points, 0 to 10,000; rounded down to what the router can hold.</param>
public sealed record RouteTraffic(string Router, string Route, string Stable, string Canary, int CanaryWeight)
{
    /// <summary>Requests that go to the canary whatever the weight.</summary>
    public IReadOnlyList<RouteTester> Testers { get; init; } = [];

    /// <summary>What keeps a unit on its arm; null: each request by itself.</summary>
    public RoutePart? Sticky { get; init; }

    /// <summary>How many of the stable arm's requests are copied to the canary, in basis points, 0 to 10,000.</summary>
    public int MirrorWeight { get; init; }
}

/// <summary>A part of a request: a header or a cookie.</summary>
/// <param name="Cookie">Whether it is a cookie; a header otherwise.</param>
/// <param name="Name">Its name.</param>
public sealed record RoutePart(bool Cookie, string Name);

/// <summary>Requests with this value are a tester's: they go to the canary.</summary>
/// <param name="Part">Where the value is.</param>
/// <param name="Value">The exact value.</param>
public sealed record RouteTester(RoutePart Part, string Value);

/// <summary>A router has lost or changed what it was told; it is told again. Published once for each drift.</summary>
public sealed record RouteDrifted(string Router, string Route, string? Rollout, IReadOnlyList<string> Differences, DateTimeOffset At);
