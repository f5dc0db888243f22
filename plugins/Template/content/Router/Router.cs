using System.Collections.Concurrent;
using System.Collections.Immutable;
using Delivery.Plugins;
using Delivery.Plugins.Routing;

namespace MyPlugin;

/// <summary>The port: what every router has to get right. What your backend is lies in Backend.cs.</summary>
internal sealed class Router(Options options, Backend backend) : ITrafficRouter, IDisposable
{
    /// <summary>The finest difference of weights that the backend holds, in basis points: 100 for whole percents.</summary>
    private const int Step = 1;

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ConcurrentDictionary<string, long> _fences = new();

    /// <summary>Capabilities default to nothing: claim what you saw the compliance suite pass.</summary>
    public RouterDescriptor Descriptor { get; } = new(
        $"MyPlugin at {options.Folder}",
        new RouterCapabilities
        {
            WeightStep = Step,
            HeaderOverrides = true,
            CookieOverrides = true,
            KeepsStateOverRestart = true,
            KeepsGeneration = true,
            Verifies = true,
        },
        [.. options.Routes.Select(r => new RouteDescription(r.Key, [.. r.Value]))]);

    public ImmutableArray<Fault> Validate(RouteIntent intent) => [];

    public async ValueTask<PluginResult<RouteState>> ReadAsync(string route, CancellationToken cancellationToken)
    {
        if (!options.Routes.ContainsKey(route))
            return new PluginError(PluginErrorKind.NotFound, $"there is no route '{route}'; there are {string.Join(", ", options.Routes.Keys)}");
        return await backend.ReadAsync(route, cancellationToken) switch
        {
            PluginResult<Stored>.Ok { Value: { Intent: { } intent, Revision: var revision } } =>
                new RouteState(route, revision, intent.Generation, intent.Arms, intent.Overrides, intent.Mirror, intent.Stickiness),
            PluginResult<Stored>.Ok empty => new RouteState(route, empty.Value.Revision, null, [], []),
            PluginResult<Stored>.Failed failed => failed.Error,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    public ValueTask<PluginResult<RoutePlan>> PlanAsync(RouteIntent intent, RouteState seen, CancellationToken cancellationToken)
    {
        var rounded = intent with { Arms = intent.RoundedTo(Step) };
        var after = seen with { Generation = intent.Generation, Arms = rounded.Arms, Overrides = intent.Overrides, Mirror = intent.Mirror, Stickiness = intent.Stickiness };
        return ValueTask.FromResult<PluginResult<RoutePlan>>(new RoutePlan(after, seen.DifferencesTo(rounded), CheckedByBackend: false));
    }

    public ValueTask<PluginResult<RouteState>> ApplyAsync(RouteIntent intent, string seenRevision, CancellationToken cancellationToken) =>
        WriteAsync(intent with { Arms = intent.RoundedTo(Step) }, seenRevision, cancellationToken);

    public async ValueTask<Verification> VerifyAsync(RouteIntent intent, CancellationToken cancellationToken)
    {
        switch (await ReadAsync(intent.Route, cancellationToken))
        {
            case PluginResult<RouteState>.Ok { Value: var state }:
                var differences = state.DifferencesTo(intent with { Arms = intent.RoundedTo(Step) });
                return differences.IsEmpty ? new Verification.Verified(state) : new Verification.Drifted(state, differences);
            case PluginResult<RouteState>.Failed failed:
                return new Verification.Unverifiable(failed.Error);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>No revision, no word about the other arms; it must work whatever is there.</summary>
    public ValueTask<PluginResult<RouteState>> AbortAsync(AbortOrder order, CancellationToken cancellationToken) =>
        WriteAsync(new RouteIntent(order.Route, order.Generation, order.Stable, [new(order.Stable, BasisPoints.All)]), null, cancellationToken);

    public void Dispose() => _one.Dispose();

    /// <summary>One writer at a time; a late one and one that saw something else change nothing.</summary>
    private async ValueTask<PluginResult<RouteState>> WriteAsync(RouteIntent intent, string? seenRevision, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var read = await ReadAsync(intent.Route, cancellationToken);
            if (read is PluginResult<RouteState>.Failed && seenRevision is not null)
                return read;
            var now = (read as PluginResult<RouteState>.Ok)?.Value;
            if (intent.Generation < Math.Max(_fences.GetValueOrDefault(intent.Route), now?.Generation ?? 0))
                return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.Conflict, "a later intent was here"), now);
            if (seenRevision is not null && now!.Revision != seenRevision)
                return new PluginResult<RouteState>.Failed(new PluginError(PluginErrorKind.Conflict, "it was changed meanwhile"), now);
            if (!options.Routes.ContainsKey(intent.Route))
                return read;
            _fences[intent.Route] = intent.Generation;
            return await backend.WriteAsync(intent, cancellationToken) is { } error ? error : await ReadAsync(intent.Route, CancellationToken.None);
        }
        finally
        {
            _one.Release();
        }
    }
}
