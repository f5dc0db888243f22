using System.Collections.Immutable;

namespace Delivery.Plugins.Routing;

/// <summary>The whole desired state of a route: what is not in it is not wanted.</summary>
/// <param name="Route">The route's name, from the router's configuration.</param>
/// <param name="Generation">Rises with every new intent for the route, from 1; it fences writers that come late.</param>
/// <param name="Stable">The arm that is there for everyone: it takes what rounding leaves.</param>
/// <param name="Arms">
/// The weights of all arms, each once, in basis points from 0 to <see cref="BasisPoints.All"/>, summing to it. Arms other than
/// <paramref name="Stable"/> round down to what the backend can hold: a canary never gets more than was said.
/// </param>
public sealed record RouteIntent(string Route, long Generation, string Stable, ImmutableArray<ArmWeight> Arms)
{
    /// <summary>Requests that go to an arm whatever the weights; the first that matches wins.</summary>
    public ImmutableArray<RouteOverride> Overrides { get; init; } = [];

    /// <summary>Where copies of requests go; null for nowhere.</summary>
    public RouteMirror? Mirror { get; init; }

    /// <summary>What keeps a unit on its arm; null: each request by itself.</summary>
    public Stickiness? Stickiness { get; init; }

    /// <summary>The weight of an arm in basis points; 0 for one that is not named.</summary>
    public int WeightOf(string arm) => Arms.FirstOrDefault(a => a.Arm == arm)?.Weight ?? 0;

    /// <summary>The weights as a backend with this step holds them: other arms round down, <see cref="Stable"/> takes the rest.</summary>
    /// <param name="step">The finest difference in basis points; <see cref="RouterCapabilities.WeightStep"/>.</param>
    public ImmutableArray<ArmWeight> RoundedTo(int step)
    {
        var others = Arms.Where(a => a.Arm != Stable).Sum(a => a.Weight / step * step);
        return [.. Arms.Select(a => a with { Weight = a.Arm == Stable ? BasisPoints.All - others : a.Weight / step * step })];
    }
}

/// <summary>A deployment's part of the traffic.</summary>
/// <param name="Arm">Its name in the route's configuration: <c>stable</c>, <c>canary</c>, <c>blue</c>, <c>green</c>, ...</param>
/// <param name="Weight">Basis points, 0 to 10,000.</param>
public sealed record ArmWeight(string Arm, int Weight);

/// <summary>The unit of weights.</summary>
public static class BasisPoints
{
    /// <summary>All of the traffic: 10,000; one percent is 100.</summary>
    public const int All = 10_000;
}

/// <summary>Requests that go to an arm whatever the weights: the team's own, a tester's.</summary>
/// <param name="Source">Where the value is looked for.</param>
/// <param name="Name">The header's or cookie's name; headers without regard to case.</param>
/// <param name="Value">The exact value.</param>
/// <param name="Arm">Where they go.</param>
public sealed record RouteOverride(RequestPart Source, string Name, string Value, string Arm);

/// <summary>Copies of requests, whose answers are thrown away.</summary>
/// <param name="Arm">Where copies go.</param>
/// <param name="Share">How many, in basis points of the requests not already sent to that arm; 1 to 10,000.</param>
public sealed record RouteMirror(string Arm, int Share);

/// <summary>
/// Keeps a unit on its arm. The ramp is monotone where the backend can (<see cref="RouterCapabilities.MonotoneRamp"/>): raising an
/// arm's weight moves units to it and none away, by a hash of the unit.
/// </summary>
/// <param name="Source">Where the unit's key is.</param>
/// <param name="Name">The header's or cookie's name; a request without it is split by itself.</param>
public sealed record Stickiness(RequestPart Source, string Name);

/// <summary>A part of a request.</summary>
public enum RequestPart
{
    /// <summary>A request header.</summary>
    Header = 0,

    /// <summary>A cookie.</summary>
    Cookie = 1,
}
