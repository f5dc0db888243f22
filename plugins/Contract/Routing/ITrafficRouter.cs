using System.Collections.Immutable;

namespace Delivery.Plugins.Routing;

/// <summary>
/// Shifts traffic between the deployments behind a route: a translation of one backend, and nothing more. It is
/// level-triggered: an intent is the whole desired state, and applying it twice is applying it once. The host orders the
/// calls for a route, checks capabilities before anything starts, retries, compares and re-applies what was lost, and keeps the record.
/// </summary>
/// <remarks>
/// Every method may be called concurrently for different routes, and any method beside <see cref="AbortAsync"/> for the same
/// one. Failures are values. Cancelling before the first byte of a write has no effect outside; after it the answer is
/// <see cref="PluginErrorKind.OutcomeUnknown"/>, not an exception.
/// </remarks>
public interface ITrafficRouter
{
    /// <summary>What the backend can do and which routes are configured. Constant for an instance; does no I/O.</summary>
    RouterDescriptor Descriptor { get; }

    /// <summary>
    /// What is wrong with an intent for this backend beyond its capabilities, which the host has checked; empty when it can be
    /// applied. Does no I/O.
    /// </summary>
    ImmutableArray<Fault> Validate(RouteIntent intent);

    /// <summary>What the backend has now. An unknown route is <see cref="PluginErrorKind.NotFound"/>.</summary>
    ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken);

    /// <summary>A dry run: what <see cref="ApplyAsync"/> would send and what would be there after it. Changes nothing.</summary>
    /// <param name="intent">The desired state.</param>
    /// <param name="seen">The state read before.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken);

    /// <summary>
    /// Brings the backend to the intent and gives the state after it. Where the order matters, traffic is never without a
    /// target: raise before you lower.
    /// </summary>
    /// <param name="intent">
    /// The desired state. A <see cref="RouteIntent.Generation"/> below one that the route has already taken is
    /// <see cref="PluginErrorKind.Conflict"/> and changes nothing; the same generation again is applied again.
    /// </param>
    /// <param name="seenRevision">
    /// The <see cref="RouteState.Revision"/> read before: when the backend has another by now, the answer is
    /// <see cref="PluginErrorKind.Conflict"/> with the present state, and nothing was changed.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken);

    /// <summary>Whether the backend routes as the intent says, asked of the backend anew.</summary>
    ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken);

    /// <summary>
    /// Takes all traffic to one arm, whatever is there: no plan, no revision, no word about the other arms; overrides and
    /// mirror are gone after it. Idempotent. Its generation fences earlier intents that come late. It works while another call
    /// for the route hangs, and when the other arms' deployments are gone.
    /// </summary>
    ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken);
}

/// <summary>A router that can tell of changes by itself; optional, said by <see cref="RouterCapabilities.Watches"/>.</summary>
public interface IWatchesRoutes
{
    /// <summary>
    /// The route's state whenever it changes, by anybody; the first one at once. Ends with the token, or when the backend ends
    /// it; the host then asks again. Missed changes are allowed, a missed last state is not.
    /// </summary>
    IAsyncEnumerable<RouteState> WatchAsync(string route, CancellationToken cancellationToken);
}

/// <summary>All to one arm, now.</summary>
/// <param name="Route">The route.</param>
/// <param name="Stable">The arm that takes everything.</param>
/// <param name="Generation">Higher than every intent's before.</param>
/// <param name="Level">How hard.</param>
public sealed record AbortOrder(string Route, string Stable, long Generation, AbortLevel Level);

/// <summary>How hard an abort is; each does what the one before does. A level the backend lacks is done as the next it has.</summary>
public enum AbortLevel
{
    /// <summary>New units, sessions and connections go to the stable arm; who was sent to another stays there.</summary>
    StopNew = 0,

    /// <summary>Sticky units too, with their next request.</summary>
    StopSticky = 1,

    /// <summary>Requests and connections in flight on other arms are cut.</summary>
    CutInFlight = 2,
}
