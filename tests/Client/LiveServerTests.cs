using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Testing;

namespace Delivery.Client.Tests;

/// <summary>The SDK against the real server on a real socket.</summary>
public sealed class LiveServerTests(PostgresFixture postgres)
{
    private static readonly EvaluationContext User = EvaluationContext.For("user-1").With("country", "DE").Build();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_kill_reaches_the_client_and_a_restarted_server_gets_every_exposure_once()
    {
        var database = await postgres.CreateDatabaseAsync("client");
        int port;
        DeliveryClient client;
        await using (var server = Start(database, port: 0))
        {
            port = server.ClientOptions.BaseAddress.Port;
            client = new DeliveryClient(await PrepareAsync(server));
            await client.StartAsync(Cancel);
            client.Status.Origin.ShouldBe(RulesetOrigin.Server);
            client.EvaluateBoolean("new-checkout", User, false).ShouldBeTrue();
            await client.FlushAsync(Cancel);

            var off = new TaskCompletionSource();
            client.RulesetChanged += (_, _) =>
            {
                if (client.Snapshot!.Definition("new-checkout")!.Killed)
                    off.TrySetResult();
            };
            using var admin = Admin(server);
            (await admin.PostAsJsonAsync("/api/v1/flags/new-checkout/environments/production/kill", new { comment = "test" }, Cancel)).EnsureSuccessStatusCode();
            await off.Task.WaitAsync(Cancel);
        }

        await using (client)
        {
            for (var i = 0; i < 2_500; i++)
                client.EvaluateBoolean("new-checkout", User, true).ShouldBeFalse();
            using (var request = client.BeginRequest(User))
            {
                request.EvaluateBoolean("new-checkout", true);
                request.Complete(TimeSpan.FromMilliseconds(5), error: false);
            }

            await using var server = Start(database, port);
            await client.FlushAsync(Cancel);
            client.Losses.Total.ShouldBe(0);
            using var admin = Admin(server);
            var counts = await admin.GetFromJsonAsync<JsonElement>("/api/v1/exposures/counts?environment=production&flag=new-checkout&by=variant", Cancel);
            Sum(counts, "off").ShouldBe(2_501);
            Sum(counts, "on").ShouldBe(1);
            var events = await admin.GetFromJsonAsync<JsonElement>("/api/v1/metrics/events?environment=production&flag=new-checkout", Cancel);
            events.GetProperty("items").GetArrayLength().ShouldBe(1);
        }
    }

    private static DeliveryServer Start(string database, int port)
    {
        var server = new DeliveryServer(database);
        server.UseKestrel(port);
        server.StartServer();
        return server;
    }

    private static async Task<DeliveryClientOptions> PrepareAsync(DeliveryServer server)
    {
        using var admin = Admin(server);
        var flag = new { key = "new-checkout", type = "boolean", environments = new { production = new { enabled = true, @default = new { variant = "on" } } } };
        (await admin.PostAsJsonAsync("/api/v1/flags", flag, Cancel)).EnsureSuccessStatusCode();
        var answer = await admin.PostAsJsonAsync("/api/v1/keys", new { name = "sdk", role = "server-sdk", environment = "production" }, Cancel);
        var key = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return new DeliveryClientOptions
        {
            ServerUrl = server.ClientOptions.BaseAddress,
            Key = key.GetProperty("key").GetString()!,
            KeepRulesetOnDisk = false,
            RetryDelayLimit = TimeSpan.FromSeconds(1),
        };
    }

    private static HttpClient Admin(DeliveryServer server)
    {
        var http = server.CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
        return http;
    }

    private static long Sum(JsonElement counts, string variant) => counts.GetProperty("items").EnumerateArray()
        .Where(row => row.GetProperty("by").GetProperty("variant").GetString() == variant)
        .Sum(row => row.GetProperty("exposures").GetInt64());
}
