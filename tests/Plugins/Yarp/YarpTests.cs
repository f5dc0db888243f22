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

        await UntilAsync(() => _harness.CanaryService.Asked.Count == 20);
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

    [Fact]
    public async Task requests_in_flight_are_cut_when_the_abort_says_so()
    {
        await ApplyAsync(Intent(10_000, 1));
        var waiting = _harness.Client.GetAsync(new Uri("/waits", UriKind.Relative), Token);
        await UntilAsync(() => _harness.CanaryService.Asked.Contains("GET /waits"));
        await _harness.Router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopSticky), Token);
        waiting.IsCompleted.ShouldBeFalse();
        await _harness.Router.AbortAsync(new AbortOrder("shop", "stable", 3, AbortLevel.CutInFlight), Token);
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
        await UntilAsync(() => seen.Count == 1);
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

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; !condition() && i < 500; i++)
            await Task.Delay(10, Token);
        condition().ShouldBeTrue();
    }

    private async Task ApplyAsync(RouteIntent intent)
    {
        var seen = (PluginResult<RouteState>.Ok)await _harness.Router.ReadAsync(intent.Route, Token);
        (await _harness.Router.ApplyAsync(intent, seen.Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
    }
}
