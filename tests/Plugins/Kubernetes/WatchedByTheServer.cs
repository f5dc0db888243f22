using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Tests.Hosting;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>The whole server with rounds an hour apart: what somebody changes by hand is seen by the watch, and told again.</summary>
public sealed class WatchedByTheServer(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_change_by_hand_is_told_again_at_once()
    {
        await using var cluster = await KubernetesHarness.StartAsync(istio: false, Token);
        cluster.Server.Token = null;
        using var folder = new PluginFolder().Copy("Kubernetes", BuiltPlugins.FolderOf("Kubernetes"));
        const string Options = "Delivery:Plugins:Instances:cluster:Options";
        await using var server = new DeliveryServer(await postgres.CreateDatabaseAsync("watched"), settings: new Dictionary<string, string>
        {
            ["Delivery:Plugins:Folder"] = folder.Root,
            ["Delivery:Plugins:Instances:cluster:Plugin"] = "kubernetes",
            [$"{Options}:Api"] = "GatewayApi",
            [$"{Options}:Server"] = cluster.Server.Address.ToString(),
            [$"{Options}:Routes:shop:Namespace"] = "web",
            [$"{Options}:Routes:shop:Name"] = "shop",
            [$"{Options}:Routes:shop:Arms:stable:Service"] = "stable",
            [$"{Options}:Routes:shop:Arms:stable:Port"] = "80",
            [$"{Options}:Routes:shop:Arms:canary:Service"] = "canary",
            [$"{Options}:Routes:shop:Arms:canary:Port"] = "80",
            ["Delivery:Routing:LookEverySeconds"] = "3600",
        });
        using var admin = server.Admin();
        var shift = new ShiftRoute(Audit.Platform("test", "test"), new RouteTraffic("cluster", "shop", "stable", "canary", 2_500), "shop-2");
        await using (var scope = server.Services.CreateAsyncScope())
            (await scope.ServiceProvider.GetRequiredService<ISender>().Send(shift, Token)).ShouldBeOfType<Outcome.Done>();
        await Until.TrueAsync(() => cluster.Server.Asked.Any(a => a.Contains("watch=1", StringComparison.Ordinal)));

        await cluster.ChangeBehindAsync(Token);
        string[] story = ["route-shifted", "route-came-in-line", "route-strayed", "route-came-in-line"];
        await Until.TrueAsync(async () =>
        {
            var page = await admin.GetFromJsonAsync<JsonElement>("/api/v1/routes/cluster:shop/events", Token);
            return page.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("type").GetString()!).Order().SequenceEqual(story.Order());
        });
        cluster.Stored["spec"]!["rules"]!.AsArray()[^1]!["backendRefs"]!.AsArray().ToDictionary(b => (string)b!["name"]!, b => (int)b!["weight"]!)
            .ShouldBe(new Dictionary<string, int> { ["stable"] = 7_500, ["canary"] = 2_500 }, ignoreOrder: true);
    }
}
