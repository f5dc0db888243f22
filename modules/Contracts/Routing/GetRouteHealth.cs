using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Mediator;

namespace Delivery.Contracts.Routing;

/// <summary>
/// How a deployment on a route is going: the arms' statistics from a metric source, in the shape of a release's health, so that the same
/// breaker and guardrails judge it. Requests are taken for units. An arm without data is an empty arm, and
/// <see cref="ReleaseHealth.Source"/> says why: no data is not zero. Answered from memory while a source is silent: the source is
/// asked in the background, and nobody waits for one that hangs.
/// </summary>
/// <param name="Source">The metric source's instance.</param>
/// <param name="Route">The route's name in the source's queries.</param>
/// <param name="Stable">The present deployment's arm.</param>
/// <param name="Canary">The new deployment's arm.</param>
/// <param name="Errors">A metric of requests and failures.</param>
/// <param name="Latency">A histogram of durations; null without.</param>
/// <param name="Windows">The stages.</param>
public sealed record GetRouteHealth(
    string Source, string Route, string Stable, string Canary, string Errors, string? Latency, IReadOnlyList<RouteWindow> Windows) : IQuery<ReleaseHealth>;

/// <summary>A span in which the weights did not change.</summary>
/// <param name="Version">The route's version that was told then; the epoch's number in the answer.</param>
/// <param name="From">When it was in line.</param>
/// <param name="To">When the next was; null for now.</param>
public sealed record RouteWindow(long Version, DateTimeOffset From, DateTimeOffset? To)
{
    /// <summary>Whether the stable arm gets traffic in it; without, nobody asks for its numbers.</summary>
    public bool HasControl { get; init; } = true;
}

/// <summary>What is wrong with the metrics of a route's health: an unknown source or metric, or another shape. Empty when they can be asked.</summary>
public sealed record CheckRouteHealth(string Source, string Errors, string? Latency) : IQuery<IReadOnlyList<FieldError>>;
