using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Host;
using Delivery.Plugins.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.Server;

/// <summary>Routes through the whole server: told, kept in line, recorded; and rollouts on them.</summary>
public sealed class RouteTests(EdgeServer edge) : IClassFixture<EdgeServer>
{
    private static readonly Audit By = Audit.Platform("test", "test");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_route_that_strayed_is_told_again_and_it_is_recorded()
    {
        var traffic = new RouteTraffic("edge", "cart", "stable", "canary", 10_000);
        (await edge.TellAsync(new ShiftRoute(By, traffic, "cart-2"))).ShouldBeOfType<Outcome.Done>().Changed.ShouldBeTrue();
        (await edge.AskAsync(new BringRouteInLine("edge", "cart"))).ShouldBeOfType<RouteStanding.InLine>();
        (await edge.CanariesAsync(20, "/cart")).ShouldBe(20);
        (await edge.TellAsync(new ShiftRoute(By, traffic, "cart-2"))).ShouldBeOfType<Outcome.Done>().Changed.ShouldBeFalse();

        var router = edge.Server.Services.GetRequiredService<PluginHost>().Router("edge")!;
        var seen = (PluginResult<RouteState>.Ok)await router.ReadAsync("cart", Token);
        await router.ApplyAsync(new RouteIntent("cart", seen.Value.Generation!.Value, "stable", [new("stable", 10_000), new("canary", 0)]), seen.Value.Revision, Token);
        await edge.UntilAsync("/api/v1/routes/edge:cart/events", e => Types(e).Count(t => t == "route-came-in-line") == 2);
        (await edge.CanariesAsync(20, "/cart")).ShouldBe(20);

        (await edge.TellAsync(new ReturnRoute(By, "edge", "cart", "stable", RouteStop.InFlight, "cart-2"))).ShouldBeOfType<Outcome.Done>();
        (await edge.AskAsync(new BringRouteInLine("edge", "cart"))).ShouldBeOfType<RouteStanding.InLine>();
        (await edge.CanariesAsync(20, "/cart")).ShouldBe(0);
        Types(await edge.UntilAsync("/api/v1/routes/edge:cart/events", e => Types(e).Count == 6))
            .ShouldBe(["route-shifted", "route-came-in-line", "route-strayed", "route-came-in-line", "route-returned", "route-came-in-line"], ignoreOrder: true);
    }

    [Fact]
    public async Task a_canary_goes_on_while_healthy_and_is_taken_back_when_it_fails()
    {
        AppContext.SetData("arms", (Func<string, (long, long)>)(_ => (1_000, 1)));
        await StartAsync("shop-2", new { exposurePercent = 10, minimumSeconds = 0, minimumExposures = 100 }, new { exposurePercent = 100, minimumSeconds = 0, minimumExposures = 100 });
        await edge.UntilAsync("/api/v1/rollouts/shop-2", r => Status(r) == "completed");
        (await edge.CanariesAsync()).ShouldBe(200);
        (await edge.TellAsync(new ReturnRoute(By, "edge", "shop", "stable", RouteStop.Sticky, "shop-2"))).ShouldBeOfType<Outcome.Done>();

        AppContext.SetData("arms", (Func<string, (long, long)>)(arm => arm == "canary" ? (1_000, 300) : (9_000, 9)));
        await StartAsync("shop-3", new { exposurePercent = 10, minimumSeconds = 600, minimumExposures = 100 });
        var aborted = await edge.UntilAsync("/api/v1/rollouts/shop-3", r => Status(r) == "aborted");
        aborted.GetProperty("abort").GetProperty("cause").GetString().ShouldBe("breaker");
        await edge.UntilAsync("/api/v1/rollouts/shop-3/events", e => Types(e).Contains("rollout-closed"));
        (await edge.CanariesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task what_the_router_or_the_source_can_not_do_is_refused_when_it_is_planned()
    {
        async Task<JsonElement> RefusedAsync(object route)
        {
            using var answer = await edge.Admin.PostAsJsonAsync("/api/v1/rollouts", new { key = "never", route }, Token);
            answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            return (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("errors");
        }

        var health = new { source = "numbers", errors = "http" };
        (await RefusedAsync(new { router = "nowhere", name = "shop", health })).GetProperty("route.router")[0].GetString()!.ShouldContain("edge");
        (await RefusedAsync(new { router = "edge", name = "shoop", health })).GetProperty("route.name")[0].GetString()!.ShouldContain("cart, shop");
        (await RefusedAsync(new { router = "edge", name = "shop", canary = "green", health })).ToString().ShouldContain("canary, stable");
        (await RefusedAsync(new { router = "edge", name = "shop", health = new { source = "numbers", errors = "htp" } })).GetProperty("route.health.errors")[0].GetString()!.ShouldContain("http");
    }

    private static List<string> Types(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("type").GetString()!)];

    private static string Status(JsonElement rollout) => rollout.GetProperty("status").GetString()!;

    private async Task StartAsync(string key, params object[] stages)
    {
        using var planned = await edge.Admin.PostAsJsonAsync(
            "/api/v1/rollouts", new { key, stages, route = new { router = "edge", name = "shop", health = new { source = "numbers", errors = "http" } } }, Token);
        planned.StatusCode.ShouldBe(HttpStatusCode.Created, await planned.Content.ReadAsStringAsync(Token));
        using var started = await edge.Admin.PostAsJsonAsync($"/api/v1/rollouts/{key}/start", new { }, Token);
        started.StatusCode.ShouldBe(HttpStatusCode.OK, await started.Content.ReadAsStringAsync(Token));
    }
}
