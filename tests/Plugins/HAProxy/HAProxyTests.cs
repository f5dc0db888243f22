using Delivery.Plugins.Compliance;
using Delivery.Plugins.HAProxy;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Tests.HAProxy;

public sealed class HAProxyCompliance : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await HAProxyHarness.StartAsync(cancellationToken);
}

/// <summary>What HAProxy does beyond the contract, and what its configuration may lack.</summary>
public sealed class HAProxyTests : IAsyncLifetime
{
    private HAProxyHarness _harness = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ITrafficRouter Router => _harness.Router;

    public async ValueTask InitializeAsync() => _harness = await HAProxyHarness.StartAsync(Token);

    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
    }

    [Fact]
    public async Task requests_in_flight_are_cut_when_the_abort_says_so()
    {
        await ApplyAsync(Intent(10_000, 1));
        var waiting = _harness.Client.GetAsync(new Uri("/waits", UriKind.Relative), Token);
        await Until.TrueAsync(() => _harness.CanaryService.Asked.Contains("GET /waits"));
        (await Router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopSticky), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        waiting.IsCompleted.ShouldBeFalse();
        (await Router.AbortAsync(new AbortOrder("shop", "stable", 3, AbortLevel.CutInFlight), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        try
        {
            ((int)(await waiting.WaitAsync(TimeSpan.FromMinutes(1), Token)).StatusCode).ShouldBeGreaterThanOrEqualTo(500);
        }
        catch (HttpRequestException cut)
        {
            cut.HttpRequestError.ShouldBe(HttpRequestError.ResponseEnded);
        }

        (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("stable");
    }

    [Fact]
    public async Task of_two_writers_that_saw_the_same_one_at_the_most_writes()
    {
        var other = await HAProxyHarness.RouterAsync(HAProxyHarness.Options(_harness.HAProxy.Socket, _harness.HAProxy.Map), Token);
        var (won, lost) = (0, 0);
        for (var round = 1; round <= 100; round++)
        {
            var seen = await ReadAsync();
            var results = await Task.WhenAll(
                Task.Run(() => Router.ApplyAsync(Intent(round, (2 * round) + 1), seen.Revision, Token).AsTask(), Token),
                Task.Run(() => other.ApplyAsync(Intent(5_000 + round, (2 * round) + 1), seen.Revision, Token).AsTask(), Token));
            var now = await ReadAsync();
            var winners = results.OfType<PluginResult<RouteState>.Ok>().ToList();
            winners.Count.ShouldBeLessThanOrEqualTo(1);
            results.OfType<PluginResult<RouteState>.Failed>().ShouldAllBe(f => f.Error.Kind == PluginErrorKind.Conflict);
            now.Revision.ShouldBe(winners.Count == 1 ? winners[0].Value.Revision : seen.Revision);
            (won, lost) = (won + winners.Count, lost + results.Length - winners.Count);
        }

        won.ShouldBeGreaterThan(0);
        lost.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task an_abort_wins_against_intents_that_come_at_the_same_moment()
    {
        for (var round = 1; round <= 100; round++)
        {
            var seen = await ReadAsync();
            var applying = Task.Run(() => Router.ApplyAsync(Intent(10_000, 2 * round), seen.Revision, Token).AsTask(), Token);
            var aborted = await Router.AbortAsync(new AbortOrder("shop", "stable", (2 * round) + 1, AbortLevel.StopSticky), Token);
            var applied = await applying;
            (applied as PluginResult<RouteState>.Failed)?.Error.Kind.ShouldBe(PluginErrorKind.Conflict, "it came before the abort, or is fenced by it");
            aborted.ShouldBeOfType<PluginResult<RouteState>.Ok>();
            (await ReadAsync()).WeightOf("canary").ShouldBe(0);
        }
    }

    [Fact]
    public async Task an_arm_whose_servers_are_down_gets_no_more_traffic()
    {
        await ApplyAsync(Intent(1_000, 1));
        await _harness.StopCanaryAsync(Token);
        await Until.TrueAsync(async () => (await _harness.HAProxy.SayAsync("show stat shop-canary 4 -1", Token)).Contains(",DOWN,", StringComparison.Ordinal));
        var refused = (await Router.ApplyAsync(Intent(2_000, 2), (await ReadAsync()).Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        refused.Error.Kind.ShouldBe(PluginErrorKind.Unavailable);
        refused.Error.Message.ShouldContain("'canary'");
        await ApplyAsync(Intent(0, 2));
        (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("stable");
    }

    [Fact]
    public async Task the_first_of_many_overrides_wins_however_long_they_are()
    {
        var overrides = Enumerable.Range(0, 60).Select(i => new RouteOverride(RequestPart.Header, "X-Arm", $"tester {i}; \\ {new string('x', 400)}", i % 2 == 0 ? "canary" : "stable"))
            .Prepend(new RouteOverride(RequestPart.Cookie, "arm", "first", "stable")).ToList();
        await ApplyAsync(Intent(0, 1) with { Overrides = [.. overrides] });
        (await Router.VerifyAsync(Intent(0, 1) with { Overrides = [.. overrides] }, Token)).ShouldBeOfType<Verification.Verified>();
        foreach (var o in overrides.Skip(1))
            (await _harness.SendAsync(new RouterRequest(Header: (o.Name, o.Value)), Token)).ShouldBe(o.Arm);
        (await _harness.SendAsync(new RouterRequest(("x-arm", overrides[1].Value), ("arm", "first")), Token)).ShouldBe("stable");
        (await _harness.SendAsync(new RouterRequest(("x-arm", overrides[1].Value), ("arm", "second")), Token)).ShouldBe("canary");
    }

    [Fact]
    public async Task what_the_configuration_lacks_is_named()
    {
        async Task<PluginError> ErrorAsync(Action<HAProxyRoute> change)
        {
            var options = HAProxyHarness.Options(_harness.HAProxy.Socket, _harness.HAProxy.Map);
            change(options.Routes["shop"]);
            var router = await HAProxyHarness.RouterAsync(options, Token);
            return (await router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error;
        }

        (await ErrorAsync(r => r.Map = "/nowhere.map")).ShouldSatisfyAllConditions(e => e.Kind.ShouldBe(PluginErrorKind.NotFound), e => e.Message.ShouldContain("'/nowhere.map'"));
        (await ErrorAsync(r => r.Arms["canary"] = "shop-green")).ShouldSatisfyAllConditions(e => e.Kind.ShouldBe(PluginErrorKind.NotFound), e => e.Message.ShouldContain("'shop-green'"));
        (await ErrorAsync(r => r.Arms["canary"] = "shop")).Message.ShouldContain("no backend 'shop' with a server");
    }

    [Fact]
    public void an_intent_that_the_section_does_not_look_at_is_refused_by_field()
    {
        var intent = Intent(0, 1) with
        {
            Overrides = [new(RequestPart.Header, "X-ARM", "1", "canary"), new(RequestPart.Header, "x-other", "1", "canary"), new(RequestPart.Header, "x-arm", "1", "stable")],
            Stickiness = new Stickiness(RequestPart.Cookie, "session"),
        };
        Router.Validate(intent).Select(f => f.Field).ShouldBe(["overrides[1].name", "overrides[2].value", "stickiness.name"]);
        Router.Validate(intent)[0].Accepted.ShouldContain("x-unit, x-arm");
    }

    [Fact]
    public async Task the_socket_is_reached_by_tls_with_a_certificate_and_not_without()
    {
        var folder = _harness.HAProxy.Folder;
        var options = HAProxyHarness.Options($"tls://localhost:{_harness.ByTls.Port}", _harness.HAProxy.Map);
        options.AuthorityFile = SocketByTls.AuthorityFile(folder);
        (await (await HAProxyHarness.RouterAsync(options, Token)).ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>()
            .Error.Kind.ShouldBe(PluginErrorKind.Unauthorized);
        var (certificate, key) = _harness.ByTls.Signed("delivery");
        options.CertificateFile = Path.Combine(folder, "delivery.pem");
        options.CertificateKey = new Secret(key);
        await File.WriteAllTextAsync(options.CertificateFile, certificate, Token);
        var router = await HAProxyHarness.RouterAsync(options, Token);
        var seen = (await router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value;
        (await router.ApplyAsync(Intent(10_000, 1), seen.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("canary");
    }

    [Fact]
    public async Task a_reloaded_haproxy_routes_as_it_was_told_when_its_map_is_written()
    {
        var router = await HAProxyHarness.RouterAsync(HAProxyHarness.Options(_harness.HAProxy.Socket, _harness.HAProxy.Map, writeMap: true), Token);
        router.Descriptor.Capabilities.KeepsStateOverRestart.ShouldBeTrue();
        var intent = Intent(10_000, 7) with { Overrides = [new(RequestPart.Cookie, "arm", "old", "stable")] };
        (await router.ApplyAsync(intent, (await ReadAsync()).Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        await _harness.StopBackendAsync(Token);
        await _harness.StartBackendAsync(Token);
        (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("canary");
        (await router.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Verified>().State.Generation.ShouldBe(7);
    }

    [Fact]
    public async Task a_map_that_can_not_be_written_is_said_and_the_traffic_has_moved()
    {
        var router = await HAProxyHarness.RouterAsync(HAProxyHarness.Options(_harness.HAProxy.Socket, _harness.HAProxy.Map, writeMap: true), Token);
        Directory.CreateDirectory(_harness.HAProxy.Map + ".new");
        var failed = (await router.ApplyAsync(Intent(10_000, 1), (await ReadAsync()).Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        failed.Error.Kind.ShouldBe(PluginErrorKind.PartiallyApplied);
        failed.LastKnown!.WeightOf("canary").ShouldBe(10_000);
        (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("canary");
    }

    [Fact]
    public void the_map_that_an_instance_writes_is_its_own()
    {
        var (options, plugin) = (HAProxyHarness.Options("/run/haproxy.sock", "/a.map"), (IPlugin)new HAProxyPlugin());
        plugin.Claims(options).ShouldBe(["the map /a.map of the HAProxy at /run/haproxy.sock"]);
    }

    [Fact]
    public void options_that_contradict_each_other_are_named()
    {
        var options = HAProxyHarness.Options("tcp://127.0.0.1:1", "/a.map");
        options.AuthorityFile = "/ca.pem";
        options.CertificateFile = "/c.pem";
        options.Routes["shop"].Stable = "blue";
        options.Routes["shop"].Arms["canary"] = "shop-stable";
        options.Routes["shop"].Headers.Add("x arm");
        options.Routes["cart"] = new HAProxyRoute { Map = "/a.map", Arms = { ["stable"] = "cart stable" } };
        ((IPlugin)new HAProxyPlugin()).Faults(options).Select(f => f.Field).ShouldBe(
            ["Address", "CertificateKey", "Routes:shop:Stable", "Routes:shop:Arms", "Routes:shop:Headers:2", "Routes:cart:Arms:stable", "Routes:cart:Map"]);
    }

    private static RouteIntent Intent(int canary, long generation) => new("shop", generation, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);

    private async Task<RouteState> ReadAsync() => (await Router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value;

    private async Task ApplyAsync(RouteIntent intent) =>
        (await Router.ApplyAsync(intent, (await ReadAsync()).Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
}
