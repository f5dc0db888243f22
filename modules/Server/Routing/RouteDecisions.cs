using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins;
using Delivery.Plugins.Host;
using Delivery.Plugins.Routing;

namespace Delivery.Server.Routing;

/// <summary>What a route is told, and what is noted of it. Pure.</summary>
internal static class RouteDecisions
{
    /// <summary>The event of a shift; null when it was told so already.</summary>
    public static RouteShifted? Shift(Route? route, ShiftRoute command) =>
        route is { Returned: null } && route.Rollout == command.Rollout && Same(route.Told, command.Traffic)
            ? null
            : new RouteShifted(command.Traffic, command.Rollout, (route?.Generation ?? 0) + 1);

    /// <summary>The event of a return; null when it was told so, at least as hard, or when the route is another rollout's by now.</summary>
    public static RouteReturned? Return(Route? route, ReturnRoute command) =>
        (route is not null && route.Rollout != command.Rollout) || (route is { Returned: { } stop } && stop >= command.Stop && route.Told.Stable == command.Stable)
            ? null
            : new RouteReturned(command.Router, command.Route, command.Stable, command.Stop, command.Rollout, (route?.Generation ?? 0) + 1);

    /// <summary>What to note after the router was told; null when it is known.</summary>
    public static object? Told(Route route, Steered steered) => steered switch
    {
        { Error: { } error } => Behind(route, error.Kind.ToString(), error.Message),
        { Verification: Verification.Verified verified } => route.InLine ? null : new RouteCameInLine(route.Generation, steered.Attempts, verified.State.Revision),
        { Verification: Verification.Pending pending } => Behind(route, "Pending", pending.Reason),
        { Verification: Verification.Drifted drifted } => Behind(route, "Drifted", string.Join("; ", drifted.Differences)),
        { Verification: Verification.Unverifiable unverifiable } => Behind(route, $"Unverifiable ({unverifiable.Error.Kind})", unverifiable.Error.Message),
        _ => Behind(route, nameof(PluginErrorKind.Internal), "the router answered nothing"),
    };

    /// <summary>What to note after a look at a route that was in line; null when nothing is new.</summary>
    public static object? Looked(Route route, Verification verification) => verification switch
    {
        Verification.Drifted drifted when route.InLine => new RouteStrayed(route.Generation, drifted.Differences),
        Verification.Unverifiable unverifiable => Behind(route, $"Unverifiable ({unverifiable.Error.Kind})", unverifiable.Error.Message),
        Verification.Verified verified when !route.InLine => new RouteCameInLine(route.Generation, 0, verified.State.Revision),
        _ => null,
    };

    /// <summary>Whether a note says something that the record does not: two may have looked at the same moment.</summary>
    public static bool IsNews(Route route, object note) => note switch
    {
        RouteCameInLine => !route.InLine,
        RouteFellBehind behind => route.Trouble != $"{behind.Kind}: {behind.Reason}",
        RouteStrayed => route.InLine,
        _ => throw new ArgumentOutOfRangeException(nameof(note), note, "no such note"),
    };

    public static RouteIntent Intent(RouteTraffic traffic, long generation) => new(
        traffic.Route,
        generation,
        traffic.Stable,
        traffic.Canary == traffic.Stable
            ? [new ArmWeight(traffic.Stable, BasisPoints.All)]
            : [new ArmWeight(traffic.Stable, BasisPoints.All - traffic.CanaryWeight), new ArmWeight(traffic.Canary, traffic.CanaryWeight)])
    {
        Overrides = [.. traffic.Testers.Select(t => new RouteOverride(Part(t.Part), t.Part.Name, t.Value, traffic.Canary))],
        Stickiness = traffic.Sticky is { } sticky ? new Stickiness(Part(sticky), sticky.Name) : null,
        Mirror = traffic.MirrorWeight > 0 ? new RouteMirror(traffic.Canary, traffic.MirrorWeight) : null,
    };

    public static AbortLevel Level(RouteStop stop) => stop switch
    {
        RouteStop.New => AbortLevel.StopNew,
        RouteStop.Sticky => AbortLevel.StopSticky,
        RouteStop.InFlight => AbortLevel.CutInFlight,
        _ => throw new ArgumentOutOfRangeException(nameof(stop), stop, "no such stop"),
    };

    /// <summary>The intent's fields, in the words of who asked.</summary>
    public static FieldError Asked(Fault fault) => new(
        fault.Field.Split('.', '[')[0] switch
        {
            "arms" or "stable" => "canaryWeight",
            "overrides" => "testers",
            "stickiness" => "sticky",
            "mirror" => "mirrorWeight",
            var field => field,
        },
        fault.Accepted);

    private static RouteFellBehind? Behind(Route route, string kind, string reason) =>
        route.Trouble == $"{kind}: {reason}" ? null : new RouteFellBehind(route.Generation, kind, reason);

    private static RequestPart Part(RoutePart part) => part.Cookie ? RequestPart.Cookie : RequestPart.Header;

    private static bool Same(RouteTraffic x, RouteTraffic y) =>
        x with { Testers = y.Testers } == y && x.Testers.SequenceEqual(y.Testers);
}
