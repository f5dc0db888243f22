using System.Collections.Concurrent;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Host;

/// <summary>
/// Brings a router to an intent and says whether it is there: one writer per route at a time, the read before each write,
/// retries by the error's kind, and the verification. It keeps no intent: whoever wants one keeps it, and asks again.
/// </summary>
public sealed class RouteSteering(PluginHost host, TimeProvider time)
{
    private const int MostAttempts = 5;
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _writers = new();

    /// <summary>Reads, applies and verifies; repeated while the error says that it helps.</summary>
    public async Task<Steered> ApplyAsync(string router, RouteIntent intent, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(intent);
        if (host.Router(router) is not { } found)
            return NoRouter(router);
        if (found.Validate(intent) is [var fault, ..])
            return Steered.Failed(new PluginError(PluginErrorKind.InvalidIntent, $"{fault.Field}: {fault.Accepted}"), 0);
        var writer = _writers.GetOrAdd($"{router}/{intent.Route}", _ => new SemaphoreSlim(1, 1));
        await writer.WaitAsync(cancellationToken);
        try
        {
            return await RepeatAsync(attempt => AttemptAsync(found, intent, attempt, cancellationToken), cancellationToken);
        }
        finally
        {
            writer.Release();
        }
    }

    /// <summary>
    /// Takes everything to one arm. It waits for no other writer: its generation fences what comes late. Repeated whatever the
    /// error, because doing it again does no harm.
    /// </summary>
    public async Task<Steered> AbortAsync(string router, AbortOrder order, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (host.Router(router) is not { } found)
            return NoRouter(router);
        return await RepeatAsync(
            async attempt => await found.AbortAsync(order, cancellationToken) switch
            {
                PluginResult<RouteState>.Ok ok => new Steered(ok.Value, new Verification.Verified(ok.Value), null, attempt),
                PluginResult<RouteState>.Failed failed => new Steered(failed.LastKnown, null, failed.Error, attempt),
                _ => throw new System.Diagnostics.UnreachableException(),
            },
            cancellationToken);
    }

    /// <summary>Whether the router still routes as it was told.</summary>
    public async Task<Verification> VerifyAsync(string router, RouteIntent intent, CancellationToken cancellationToken) =>
        host.Router(router) is { } found ? await found.VerifyAsync(intent, cancellationToken) : new Verification.Unverifiable(NoRouter(router).Error!);

    /// <summary>
    /// The route's state whenever it changes, by anybody, for a router that can tell; the first one at once. Ends when the router ends it, at
    /// once for one that can't: who follows asks again.
    /// </summary>
    public IAsyncEnumerable<RouteState> WatchAsync(string router, string route, CancellationToken cancellationToken) =>
        host.Instance(router)?.Router?.WatchAsync(route, cancellationToken) ?? AsyncEnumerable.Empty<RouteState>();

    private static async Task<Steered> AttemptAsync(ITrafficRouter router, RouteIntent intent, int attempt, CancellationToken cancellationToken)
    {
        var read = await router.ReadAsync(intent.Route, cancellationToken);
        if (read is PluginResult<RouteState>.Failed unread)
            return Steered.Failed(unread.Error, attempt, unread.LastKnown);
        var seen = ((PluginResult<RouteState>.Ok)read).Value;
        if (seen.Generation > intent.Generation)
            return Steered.Failed(new PluginError(PluginErrorKind.Conflict, $"the route has taken generation {seen.Generation} already") { Retry = Retryability.No }, attempt, seen);
        return await router.ApplyAsync(intent, seen.Revision, cancellationToken) switch
        {
            PluginResult<RouteState>.Ok applied => new Steered(applied.Value, await router.VerifyAsync(intent, cancellationToken), null, attempt),
            PluginResult<RouteState>.Failed failed => new Steered(failed.LastKnown ?? seen, null, failed.Error, attempt),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private async Task<Steered> RepeatAsync(Func<int, Task<Steered>> attempt, CancellationToken cancellationToken)
    {
        var wait = FirstWait;
        for (var i = 1; ; i++)
        {
            var steered = await attempt(i);
            if (steered.Error is not { } error || error.Retry == Retryability.No || i == MostAttempts)
                return steered;
            await Task.Delay(error.RetryAfter is { } asked && asked < LongestWait ? asked : wait, time, cancellationToken);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private Steered NoRouter(string router) => Steered.Failed(
        new PluginError(
            host.Instance(router) is null ? PluginErrorKind.NotFound : PluginErrorKind.Unavailable,
            host.Instance(router) is { } broken
                ? $"the router '{router}' is not there: {broken.Health.Status.LastError}"
                : $"there is no router '{router}'; there are {string.Join(", ", host.Routers)}"),
        0);
}

/// <summary>How steering a route ended.</summary>
/// <param name="State">What the route has, as far as is known.</param>
/// <param name="Verification">Whether it is as wanted; null when it did not come so far.</param>
/// <param name="Error">Why it did not come so far.</param>
/// <param name="Attempts">How many attempts it took.</param>
public sealed record Steered(RouteState? State, Verification? Verification, PluginError? Error, int Attempts)
{
    internal static Steered Failed(PluginError error, int attempts, RouteState? state = null) => new(state, null, error, attempts);
}
