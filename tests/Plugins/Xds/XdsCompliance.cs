using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>With @grpc/grpc-js-xds as the client.</summary>
public sealed class XdsCompliance : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await XdsHarness.NodeAsync(cancellationToken);
}

/// <summary>What goes beyond the suite: the other client, and restarts under load.</summary>
public sealed class XdsClientsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>gRPC's C-core, which many languages' clients are: split, overrides, abort. Not stickiness: Debian's 1.51 crashes on any ring.</summary>
    [Fact]
    public async Task the_clients_of_other_languages_route_so_too()
    {
        await using var harness = await XdsHarness.PythonAsync(Token);
        await AppliedAsync(harness, Intent(3_000, 1) with
        {
            Overrides = [new RouteOverride(RequestPart.Header, "x-arm", "canary", "canary"), new RouteOverride(RequestPart.Cookie, "arm", "c-n.r+y", "canary")],
        });
        (await CanariesAsync(harness, 500, _ => new RouterRequest())).ShouldBeInRange(100, 200);
        (await CanariesAsync(harness, 10, _ => new RouterRequest(Header: ("x-arm", "canary")))).ShouldBe(10);
        (await CanariesAsync(harness, 10, _ => new RouterRequest(Cookie: ("arm", "c-n.r+y")))).ShouldBe(10);
        (await CanariesAsync(harness, 10, _ => new RouterRequest(Cookie: ("arm", "c-nxr+y")))).ShouldBeLessThan(10);
        (await harness.Router.AbortAsync(new AbortOrder("shop", "stable", 5, AbortLevel.StopSticky), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        await Until.TrueAsync(async () => await harness.SendAsync(new RouterRequest(Header: ("x-arm", "canary")), Token) == "stable");
        (await CanariesAsync(harness, 50, _ => new RouterRequest(Header: ("x-arm", "canary")))).ShouldBe(0);
        await harness.StopBackendAsync(Token);
        (await harness.Router.VerifyAsync(Intent(0, 5), Token)).ShouldBeOfType<Verification.Unverifiable>();
    }

    [Fact]
    public async Task no_call_of_another_languages_client_fails_over_1000_changes()
    {
        await using var harness = await XdsHarness.PythonAsync(Token);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(() => LoadAsync(harness, end.Token), Token)).ToList();
        for (var i = 1; i <= 1_000; i++)
        {
            await AppliedAsync(harness, Intent(i * 3_700 % 10_100 / 100 * 100, i));
            load.ShouldAllBe(l => !l.IsFaulted);
        }

        await end.CancelAsync();
        (await Task.WhenAll(load)).Sum().ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public async Task a_restarted_control_plane_tells_its_clients_again_and_no_call_fails_meanwhile()
    {
        await using var harness = await XdsHarness.NodeAsync(Token);
        var intent = Intent(10_000, 3);
        await AppliedAsync(harness, intent);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var load = Task.Run(() => LoadAsync(harness, end.Token), Token);
        await using var restarted = await harness.RestartedAsync(Token);
        await Until.TrueAsync(async () => await restarted.VerifyAsync(intent, Token) is Verification.Verified { State.Generation: 3 });
        await end.CancelAsync();
        (await load).ShouldBeGreaterThan(0);
        (await restarted.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopNew), Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.Conflict);
        (await restarted.AbortAsync(new AbortOrder("shop", "stable", 4, AbortLevel.StopNew), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        await harness.SettleAsync(Token);
        (await CanariesAsync(harness, 20, _ => new RouterRequest())).ShouldBe(0);
    }

    private static RouteIntent Intent(int canary, long generation) => new("shop", generation, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);

    private static async Task AppliedAsync(XdsHarness harness, RouteIntent intent)
    {
        var seen = (PluginResult<RouteState>.Ok)await harness.Router.ReadAsync("shop", Token);
        (await harness.Router.ApplyAsync(intent, seen.Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (await harness.Router.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Verified>();
    }

    private static async Task<int> CanariesAsync(XdsHarness harness, int requests, Func<int, RouterRequest> request)
    {
        var canaries = 0;
        for (var i = 0; i < requests; i++)
        {
            if (await harness.SendAsync(request(i), Token) == "canary")
                canaries++;
        }

        return canaries;
    }

    /// <summary>Calls until the end; a call that fails is an exception.</summary>
    private static async Task<int> LoadAsync(XdsHarness harness, CancellationToken end)
    {
        var calls = 0;
        for (; !end.IsCancellationRequested; calls++)
            await harness.SendAsync(new RouterRequest(), Token);
        return calls;
    }
}
