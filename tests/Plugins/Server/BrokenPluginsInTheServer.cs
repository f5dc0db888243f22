using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Testing;

namespace Delivery.Plugins.Tests.Server;

/// <summary>The whole server with plugins that throw, hang, leak and can't be made: it serves on.</summary>
public sealed class BrokenPluginsInTheServer(PostgresFixture postgres)
{
    [Fact]
    public async Task none_takes_the_server_down()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new PluginFolder()
            .With("throws", Sources.Router(read: "throw new Exception(\"no\");"))
            .With("hangs", Sources.Router(read: Sources.Blocks))
            .With("leaks", Sources.Router(read: Sources.Leaks, members: "private static readonly List<object> Kept = new();"))
            .With("strays", Sources.Router(read: "new Thread(() => throw new Exception(\"alone\")).Start(); return Ok(route);"))
            .With("unmade", Sources.Router(create: "throw new Exception(\"never\");"));
        var settings = new Dictionary<string, string>
        {
            ["Delivery:Plugins:Folder"] = folder.Root,
            ["Delivery:Plugins:ReadSeconds"] = "5",
            ["Delivery:Plugins:GraceSeconds"] = "0",
            ["Delivery:Plugins:MostCalls"] = "2",
        };
        string[] names = ["throws", "hangs", "leaks", "strays", "unmade"];
        foreach (var name in names)
            settings[$"Delivery:Plugins:Instances:{name}:Plugin"] = name;
        await using var server = new DeliveryServer(await postgres.CreateDatabaseAsync("broken"), settings: settings);
        using var admin = server.Admin();
        async Task<bool> IsWellAsync(string name)
        {
            using var check = await admin.PostAsync(new Uri($"/api/v1/plugins/{name}/check", UriKind.Relative), null, token);
            check.StatusCode.ShouldBe(HttpStatusCode.OK);
            return (await check.Content.ReadFromJsonAsync<JsonElement>(token)).GetProperty("ok").GetBoolean();
        }

        // Three hang at once, on two places: the others answer meanwhile.
        var hanging = Enumerable.Range(0, 3).Select(_ => IsWellAsync("hangs")).ToList();
        for (var i = 0; i < 3; i++)
        {
            foreach (var name in names.Where(n => n != "hangs"))
                (await IsWellAsync(name)).ShouldBe(name is "leaks" or "strays", name);
        }

        (await Task.WhenAll(hanging)).ShouldAllBe(well => !well);
        (await admin.GetAsync(new Uri("/health", UriKind.Relative), token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var plugins = await admin.GetFromJsonAsync<JsonElement>("/api/v1/plugins", token);
        string State(string name) => plugins.GetProperty("items").EnumerateArray().Single(p => p.GetProperty("name").GetString() == name)
            .GetProperty("instances")[0].GetProperty("health").GetProperty("state").GetString()!;
        names.Select(State).ShouldBe(["unhealthy", "unhealthy", "ready", State("strays"), "broken"]);
        using var unknown = await admin.PostAsync(new Uri("/api/v1/plugins/nobody/check", UriKind.Relative), null, token);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
