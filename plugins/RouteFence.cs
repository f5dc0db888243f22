using Delivery.Plugins.Routing;

namespace Delivery.Plugins;

/// <summary>Keeps late writers out. Compiled into each router that holds its state itself.</summary>
internal static class RouteFence
{
    /// <summary>Why an intent comes too late; null when it does not.</summary>
    /// <param name="now">The route.</param>
    /// <param name="fence">The highest generation it was told.</param>
    /// <param name="generation">The intent's.</param>
    /// <param name="seenRevision">The revision it was made for.</param>
    public static PluginResult<RouteState>.Failed? Refusal(RouteState now, long fence, long generation, string seenRevision) =>
        Refusal(now, fence, generation)
        ?? (seenRevision == now.Revision ? null : Conflict(now, $"the route is at revision {now.Revision}, not {seenRevision}"));

    /// <summary>Why an abort, which asks for no revision, comes too late; null when it does not.</summary>
    public static PluginResult<RouteState>.Failed? Refusal(RouteState now, long fence, long generation) =>
        generation < fence ? Conflict(now, $"generation {fence} was here before {generation}") : null;

    private static PluginResult<RouteState>.Failed Conflict(RouteState now, string why) => new(new PluginError(PluginErrorKind.Conflict, why), now);
}
