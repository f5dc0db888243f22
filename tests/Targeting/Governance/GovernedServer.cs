using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Targeting.Scheduling;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Targeting.Tests.Governance;

/// <summary>A server at a time the tests set, where production requires a second person; alice and bob are operators.</summary>
public sealed class GovernedServer(PostgresFixture postgres) : IAsyncLifetime
{
    private DeliveryServer? _server;

    public DeliveryServer Server => _server ?? throw new InvalidOperationException("not initialised by xunit");

    public FakeTimeProvider Time { get; } = new(Given.Noon);

    public HttpClient Root { get; private set; } = null!;

    public HttpClient Alice { get; private set; } = null!;

    public HttpClient Bob { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = new DeliveryServer(await postgres.CreateDatabaseAsync("governed"), Time);
        Root = _server.Admin();
        Alice = await PersonAsync(_server, "alice");
        Bob = await PersonAsync(_server, "bob");
        using var guard = await Root.PutJson("/api/v1/environments/production/approval", """{ "requiresApproval": true, "comment": "four eyes" }""");
        await guard.Json();
    }

    /// <summary>A client of an operator with a name.</summary>
    public static async Task<HttpClient> PersonAsync(DeliveryServer server, string name)
    {
        using var admin = server.Admin();
        using var response = await admin.PostAsJsonAsync("/api/v1/keys", new { name, role = "operator" }, TestContext.Current.CancellationToken);
        return server.With((await response.Json()).Text("key"));
    }

    /// <summary>Lets time pass, and makes what is due then.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        Time.Advance(time);
        await ApplyDueAsync(Server);
    }

    public static Task ApplyDueAsync(DeliveryServer server) =>
        server.Services.GetRequiredService<ScheduleClock>().ApplyDueAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in new[] { Root, Alice, Bob })
            client?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

/// <summary>The tests that share the governed server.</summary>
[CollectionDefinition]
public sealed class Governed : ICollectionFixture<GovernedServer>;

/// <summary>What the tests ask of a server in a word.</summary>
internal static class Asking
{
    public static async Task<string> Made(this HttpClient client, string path, string json)
    {
        using var response = await client.PostJson(path, json);
        return (await response.Json()).Text("key")!;
    }

    public static async Task<JsonElement> Says(this HttpClient client, string path, string json = "{}")
    {
        using var response = await client.PostJson(path, json);
        return await response.Body();
    }

    public static JsonElement In(this JsonElement flag, string environment) => flag.GetProperty("environments").GetProperty(environment);

    public static IEnumerable<string?> Each(this JsonElement page, string member) => page.GetProperty("items").EnumerateArray().Select(item => item.Text(member));
}
