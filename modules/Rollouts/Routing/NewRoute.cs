using Delivery.Contracts.Routing;

namespace Delivery.Rollouts;

/// <summary>The route that a new rollout shifts, instead of a flag: a canary (several stages) or blue/green (one of 100 %).</summary>
/// <param name="Router">The router's instance.</param>
/// <param name="Name">The route's name there.</param>
/// <param name="Health">Where the deployments' numbers are.</param>
/// <param name="Stable">The present deployment's arm; default <c>stable</c>.</param>
/// <param name="Canary">The new deployment's arm; default <c>canary</c>.</param>
/// <param name="Testers">Requests that go to the canary whatever the weight; default none.</param>
/// <param name="Sticky">What keeps a unit on its arm; default nothing: each request by itself.</param>
/// <param name="MirrorPercent">How many of the stable arm's requests are copied to the canary, 0 to 100; default 0.</param>
/// <param name="Stop">How hard an abort takes traffic back; default <c>sticky</c>.</param>
/// <param name="Owner">The team that built it; told when it is stopped.</param>
internal sealed record NewRoute(
    string Router,
    string Name,
    NewRouteHealth Health,
    string Stable = "stable",
    string Canary = "canary",
    IReadOnlyList<RouteTester>? Testers = null,
    RoutePart? Sticky = null,
    decimal MirrorPercent = 0,
    RouteStop Stop = RouteStop.Sticky,
    string? Owner = null);

/// <summary>Metrics of a metric source.</summary>
/// <param name="Source">The source's instance.</param>
/// <param name="Errors">A metric of requests and failures.</param>
/// <param name="Latency">A histogram of durations; default none.</param>
internal sealed record NewRouteHealth(string Source, string Errors, string? Latency = null);

/// <summary>The route that a rollout shifts; fixed when it is planned.</summary>
/// <param name="Traffic">The traffic of a stage, but for the canary's weight.</param>
/// <param name="Stop">How hard an abort takes traffic back.</param>
/// <param name="Health">Where the deployments' numbers are.</param>
internal sealed record RouteTarget(RouteTraffic Traffic, RouteStop Stop, NewRouteHealth Health)
{
    /// <summary>What a rollout of a route shows where one of a flag shows the flag's key.</summary>
    public string Name => $"route:{Traffic.Router}/{Traffic.Route}";

    /// <summary>The traffic at an exposure in parts per million.</summary>
    public RouteTraffic At(int exposurePpm) => Traffic with { CanaryWeight = exposurePpm / 100 };
}
