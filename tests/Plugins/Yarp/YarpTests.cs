using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Yarp;

namespace Delivery.Plugins.Tests.Yarp;

public sealed class YarpCompliance : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await YarpHarness.StartAsync(cancellationToken);
}

/// <summary>What the embedded proxy does beyond the contract.</summary>
public sealed class YarpTests : IAsyncLifetime
{
    private YarpHarness _harness = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _harness = await YarpHarness.StartAsync(Token);

    public async ValueTask DisposeAsync() => await _harness.DisposeAsync();

    [Fact]
    public async Task copies_go_to_the_mirror_and_their_answers_nowhere()
    {
        await ApplyAsync(Intent(0, 1) with { Mirror = new RouteMirror("canary", BasisPoints.All) });
        for (var i = 0; i < 20; i++)
        {
            using var answer = await _harness.Client.PostAsync(new Uri($"/orders?n={i}", UriKind.Relative), new StringContent($"order {i}"), Token);
            (await answer.Content.ReadAsStringAsync(Token)).ShouldBe("stable");
        }

        await Until.TrueAsync(() => _harness.CanaryService.Asked.Count == 20);
        _harness.CanaryService.Asked.ShouldBe(_harness.StableService.Asked, ignoreOrder: true);
        _harness.CanaryService.Asked.ShouldContain("POST /orders?n=7 order 7");
    }

    [Fact]
    public async Task a_mirror_that_is_gone_costs_no_request()
    {
        await ApplyAsync(Intent(0, 1) with { Mirror = new RouteMirror("canary", BasisPoints.All) });
        await _harness.StopCanaryAsync(Token);
        for (var i = 0; i < 20; i++)
            (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("stable");
    }

    [Theory]
    [InlineData(BackendFault.Down, 502)]
    [InlineData(BackendFault.Silent, 504)]
    [InlineData(BackendFault.Nonsense, 502)]
    [InlineData(BackendFault.CutInTheMiddle, null)]
    public async Task a_deployment_with_a_fault_is_said_to_who_asks_and_an_abort_leads_away_from_it(BackendFault fault, int? status)
    {
        await using var faulty = fault == BackendFault.Silent ? FaultyBackend.Silent() : fault == BackendFault.Nonsense ? FaultyBackend.Nonsense() : FaultyBackend.CutInTheMiddle();
        var canary = new Uri($"http://127.0.0.1:{(fault == BackendFault.Down ? FaultyBackend.ClosedPort : faulty.Port)}");
        await using var router = await YarpHarness.RouterAsync(_harness.StableService.Address, canary, null, Token, silenceSeconds: fault == BackendFault.Silent ? 0.1 : 100);
        using var client = new HttpClient { BaseAddress = new Uri(router.Proxy.Addresses.Single()) };
        (await router.ApplyAsync(Intent(10_000, 1), ((PluginResult<RouteState>.Ok)await router.ReadAsync("shop", Token)).Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        await LeftOvers.NoneAfterRepeatsAsync(
            async token =>
            {
                try
                {
                    using var answer = await client.GetAsync(new Uri("/", UriKind.Relative), token);
                    ((int)answer.StatusCode).ShouldBe(status.ShouldNotBeNull("an answer that was cut is no whole one"));
                }
                catch (HttpRequestException) when (status is null)
                {
                    return;
                }
            },
            silent: false,
            Token);
        (await router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopNew), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (await client.GetStringAsync(new Uri("/", UriKind.Relative), Token)).ShouldBe("stable");
    }

    [Fact]
    public async Task requests_in_flight_are_cut_when_the_abort_says_so()
    {
        await ApplyAsync(Intent(10_000, 1));
        var waiting = _harness.Client.GetAsync(new Uri("/waits", UriKind.Relative), Token);
        await Until.TrueAsync(() => _harness.CanaryService.Asked.Contains("GET /waits"));
        (await _harness.Router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopSticky), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        waiting.IsCompleted.ShouldBeFalse();
        (await _harness.Router.AbortAsync(new AbortOrder("shop", "stable", 3, AbortLevel.CutInFlight), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        ((int)(await waiting).StatusCode).ShouldBeGreaterThanOrEqualTo(500);
        (await _harness.SendAsync(new RouterRequest(), Token)).ShouldBe("stable");
    }

    [Fact]
    public async Task a_restarted_proxy_routes_as_it_was_told_when_it_keeps_a_file()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("delivery-yarp-").FullName, "state.json");
        try
        {
            var intent = Intent(2_500, 7) with { Overrides = [new RouteOverride(RequestPart.Header, "x-arm", "canary", "canary")] };
            await using (var before = await YarpHarness.RouterAsync(_harness.StableService, _harness.CanaryService, file, Token))
            {
                var seen = (PluginResult<RouteState>.Ok)await before.ReadAsync("shop", Token);
                (await before.ApplyAsync(intent, seen.Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
            }

            await using var after = await YarpHarness.RouterAsync(_harness.StableService, _harness.CanaryService, file, Token);
            (await after.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Verified>();
            (await after.AbortAsync(new AbortOrder("shop", "stable", 6, AbortLevel.StopNew), Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.Conflict);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    [Fact]
    public async Task a_watcher_is_told_of_every_last_state()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var seen = new List<int>();
        var watching = Task.Run(
            async () =>
            {
                await foreach (var state in ((IWatchesRoutes)_harness.Router).WatchAsync("shop", end.Token))
                {
                    seen.Add(state.WeightOf("canary"));
                    if (seen[^1] == 10_000)
                        break;
                }
            },
            Token);
        await Until.TrueAsync(() => seen.Count == 1);
        await ApplyAsync(Intent(5_000, 1));
        await ApplyAsync(Intent(10_000, 2));
        await watching;
        seen[0].ShouldBe(0);
    }

    [Fact]
    public void options_that_contradict_each_other_are_named()
    {
        var options = new YarpOptions
        {
            Listen = [new Uri("https://127.0.0.1:1")],
            Routes = { ["shop"] = new YarpRoute { Stable = "blue", Arms = { ["green"] = new Uri("ftp://x") } } },
        };
        ((IPlugin)new YarpPlugin()).Faults(options).Select(f => f.Field).ShouldBe(["Listen:0", "Routes:shop:Stable", "Routes:shop:Arms:green"]);
    }

    private static RouteIntent Intent(int canary, long generation) => new("shop", generation, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);

    private async Task ApplyAsync(RouteIntent intent)
    {
        var seen = (PluginResult<RouteState>.Ok)await _harness.Router.ReadAsync(intent.Route, Token);
        (await _harness.Router.ApplyAsync(intent, seen.Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
    }
}
