using System.Collections.Concurrent;
using Delivery.Plugins.Host;

namespace Delivery.Server.Routing;

/// <summary>
/// Follows what routers tell of changes by themselves, so that somebody else's is seen at once and not with the next round. A watch that
/// ended is begun again by the next round; a router that tells of none ends at once.
/// </summary>
internal sealed partial class RouteWatches(RouteSteering steering, RouteKeeper keeper, ILogger<RouteWatches> logger)
{
    private readonly ConcurrentDictionary<(string Router, string Route), Task> _running = new();

    public void Follow(string router, string route, CancellationToken stoppingToken) => _running.AddOrUpdate(
        (router, route),
        key => FollowAsync(key.Router, key.Route, stoppingToken),
        (key, running) => running.IsCompleted ? FollowAsync(key.Router, key.Route, stoppingToken) : running);

    private async Task FollowAsync(string router, string route, CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await foreach (var _ in steering.WatchAsync(router, route, stoppingToken))
                await keeper.LookAtChangeAsync(router, route, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(router, route, e);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(7104, LogLevel.Error, "The route {Route} of {Router} could not be followed; the next round begins again")]
    private partial void LogFailed(string router, string route, Exception exception);
}
