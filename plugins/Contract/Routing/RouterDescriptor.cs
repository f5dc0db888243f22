using System.Collections.Immutable;

namespace Delivery.Plugins.Routing;

/// <summary>What a router instance is.</summary>
/// <param name="Backend">The backend's name and where it is, for people: <c>HAProxy at /run/haproxy/admin.sock</c>. No secrets.</param>
/// <param name="Capabilities">What the backend can do.</param>
/// <param name="Routes">The configured routes.</param>
public sealed record RouterDescriptor(string Backend, RouterCapabilities Capabilities, ImmutableArray<RouteDescription> Routes);

/// <summary>A configured route.</summary>
/// <param name="Name">Unique in the instance; 1 to 100 characters.</param>
/// <param name="Arms">Its arms; at least one.</param>
public sealed record RouteDescription(string Name, ImmutableArray<string> Arms);

/// <summary>
/// What a backend can do. The host refuses what is not here before a rollout starts; a plugin never does silently less than it
/// was asked. Everything defaults to the least.
/// </summary>
public sealed record RouterCapabilities
{
    /// <summary>The finest difference of weights that the backend holds, in basis points, 1 to 10,000: 100 for whole percents.</summary>
    public int WeightStep { get; init; } = BasisPoints.All;

    /// <summary>How many arms a route may have; 2 or more. Default 2.</summary>
    public int MostArms { get; init; } = 2;

    /// <summary>Overrides by header.</summary>
    public bool HeaderOverrides { get; init; }

    /// <summary>Overrides by cookie.</summary>
    public bool CookieOverrides { get; init; }

    /// <summary>Mirroring.</summary>
    public bool Mirroring { get; init; }

    /// <summary>Stickiness by a header.</summary>
    public bool StickyByHeader { get; init; }

    /// <summary>Stickiness by a cookie.</summary>
    public bool StickyByCookie { get; init; }

    /// <summary>Whether sticky units only move towards an arm whose weight rises.</summary>
    public bool MonotoneRamp { get; init; }

    /// <summary>Whether <see cref="AbortLevel.StopSticky"/> moves sticky units with their next request.</summary>
    public bool StopsSticky { get; init; }

    /// <summary>Whether <see cref="AbortLevel.CutInFlight"/> cuts what is in flight.</summary>
    public bool CutsInFlight { get; init; }

    /// <summary>Whether the state outlives the backend's restart; where it does not, the host re-applies it.</summary>
    public bool KeepsStateOverRestart { get; init; }

    /// <summary>Whether the backend keeps the generation, so that it fences writers in other processes too.</summary>
    public bool KeepsGeneration { get; init; }

    /// <summary>Whether a change of weights never costs a request. False must be said to whoever plans a rollout.</summary>
    public bool LosesNoRequest { get; init; }

    /// <summary>Whether <see cref="ITrafficRouter.VerifyAsync"/> can ever say verified.</summary>
    public bool Verifies { get; init; }

    /// <summary>Whether the router is an <see cref="IWatchesRoutes"/>.</summary>
    public bool Watches { get; init; }
}
