using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Compliance;

/// <summary>
/// What every router must pass. Inherit it once and give the harness; the tests are spread over the files of this class by subject.
/// A test that the backend's capabilities exclude is skipped and says so.
/// </summary>
public abstract partial class RouterCompliance : IAsyncLifetime
{
    private const int AtOnce = 8;

    private IRouterHarness? _harness;

    /// <summary>The harness of this test.</summary>
    protected IRouterHarness Harness => _harness ?? throw new InvalidOperationException("the test has not started");

    /// <summary>The router under test.</summary>
    protected ITrafficRouter Router => Harness.Router;

    /// <summary>The test's token.</summary>
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private RouterCapabilities Able => Router.Descriptor.Capabilities;

    /// <summary>Starts a backend with its router.</summary>
    protected abstract Task<IRouterHarness> StartAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => _harness = await StartAsync(Token);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>An intent with the canary at so many basis points.</summary>
    protected RouteIntent Intent(int canary, long generation) => new(
        Harness.Route, generation, Harness.Stable, [new(Harness.Stable, BasisPoints.All - canary), new(Harness.Canary, canary)]);

    /// <summary>Reads, and applies on what was read; must succeed.</summary>
    protected async Task<RouteState> AppliedAsync(RouteIntent intent)
    {
        var state = Value(await Router.ApplyAsync(intent, (await ReadAsync()).Revision, Token));
        await Harness.SettleAsync(Token);
        return state;
    }

    /// <summary>Reads the route; must succeed.</summary>
    protected async Task<RouteState> ReadAsync() => Value(await Router.ReadAsync(Harness.Route, Token));

    /// <summary>Aborts; must succeed.</summary>
    protected async Task<RouteState> AbortedAsync(long generation, AbortLevel level)
    {
        var state = Value(await Router.AbortAsync(new AbortOrder(Harness.Route, Harness.Stable, generation, level), Token));
        await Harness.SettleAsync(Token);
        return state;
    }

    /// <summary>The value of a call that must succeed.</summary>
    protected static T Value<T>(PluginResult<T> result)
        where T : class
    {
        if (result is PluginResult<T>.Failed failed)
            Assert.Fail($"{failed.Error.Kind}: {failed.Error.Message}");
        return result.ShouldBeOfType<PluginResult<T>.Ok>().Value;
    }

    /// <summary>The error of a call that must fail.</summary>
    protected static PluginError Error<T>(PluginResult<T> result)
        where T : class => result.ShouldBeOfType<PluginResult<T>.Failed>().Error;

    /// <summary>Sends requests and counts those that the canary answered.</summary>
    protected async Task<int> CanariesAsync(int requests, Func<int, RouterRequest>? request = null)
    {
        var arms = await SentAsync(Enumerable.Range(0, requests).Select(i => request?.Invoke(i) ?? new RouterRequest()));
        return arms.Count(a => a == Harness.Canary);
    }

    /// <summary>Sends requests, a few at once, and gives the arm that answered each.</summary>
    private async Task<List<string>> SentAsync(IEnumerable<RouterRequest> requests)
    {
        var arms = new List<string>();
        foreach (var few in requests.Chunk(AtOnce))
            arms.AddRange(await Task.WhenAll(few.Select(r => Harness.SendAsync(r, Token))));
        return arms;
    }

    private int Rounded(int canary) => canary / Able.WeightStep * Able.WeightStep;

    private RouteIntent Rich(long generation) => Intent(5_000, generation) with
    {
        Overrides =
        [
            .. Able.HeaderOverrides ? [new RouteOverride(RequestPart.Header, "x-arm", "canary", Harness.Canary)] : ImmutableArray<RouteOverride>.Empty,
            .. Able.CookieOverrides ? [new RouteOverride(RequestPart.Cookie, "arm", "canary", Harness.Canary)] : ImmutableArray<RouteOverride>.Empty,
        ],
        Stickiness = Able.StickyByHeader ? new Stickiness(RequestPart.Header, "x-unit")
            : Able.StickyByCookie ? new Stickiness(RequestPart.Cookie, "unit") : null,
        Mirror = Able.Mirroring ? new RouteMirror(Harness.Canary, 1_000) : null,
    };
}
