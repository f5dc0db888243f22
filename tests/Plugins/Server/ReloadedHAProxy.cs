using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Tests.HAProxy;
using Delivery.Plugins.Tests.Hosting;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.Server;

/// <summary>The whole server and a real HAProxy that forgets what it was told: it is told again, and that is recorded.</summary>
public sealed class ReloadedHAProxy(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_haproxy_that_lost_its_map_is_told_again()
    {
        var program = HAProxyHarness.ProgramOrSkip();
        using var folder = new PluginFolder().Copy("HAProxy", BuiltPlugins.FolderOf("HAProxy"));
        await using var stable = await ArmService.StartAsync("stable", Token);
        await using var canary = await ArmService.StartAsync("canary", Token);
        await using var haproxy = await HAProxyProcess.StartAsync(program, HAProxyHarness.Example, stable.Address, canary.Address, Token);
        const string Options = "Delivery:Plugins:Instances:edge:Options";
        await using var server = new DeliveryServer(await postgres.CreateDatabaseAsync("reload"), settings: new Dictionary<string, string>
        {
            ["Delivery:Plugins:Folder"] = folder.Root,
            ["Delivery:Plugins:Instances:edge:Plugin"] = "haproxy",
            [$"{Options}:Address"] = haproxy.Socket,
            [$"{Options}:Routes:shop:Map"] = haproxy.Map,
            [$"{Options}:Routes:shop:Arms:stable"] = "shop-stable",
            [$"{Options}:Routes:shop:Arms:canary"] = "shop-canary",
            ["Delivery:Routing:LookEverySeconds"] = "0.2",
        });
        using var admin = server.Admin();
        var shift = new ShiftRoute(Audit.Platform("test", "test"), new RouteTraffic("edge", "shop", "stable", "canary", 10_000), "shop-2");
        await using (var scope = server.Services.CreateAsyncScope())
            (await scope.ServiceProvider.GetRequiredService<ISender>().Send(shift, Token)).ShouldBeOfType<Outcome.Done>();
        await CameInLineAsync(admin, 1);
        (await ArmAsync(haproxy)).ShouldBe("canary");

        await haproxy.StopAsync();
        await haproxy.StartAsync(Token);
        await CameInLineAsync(admin, 2);
        (await ArmAsync(haproxy)).ShouldBe("canary");
    }

    private static async Task<string> ArmAsync(HAProxyProcess haproxy)
    {
        using var client = haproxy.Client();
        return await client.GetStringAsync(new Uri("/", UriKind.Relative), Token);
    }

    private static async Task CameInLineAsync(HttpClient admin, int times) => await admin.UntilAsync(
        "/api/v1/routes/edge:shop/events", page => page.GetProperty("items").EnumerateArray().Count(e => e.GetProperty("type").GetString() == "route-came-in-line") >= times);
}
