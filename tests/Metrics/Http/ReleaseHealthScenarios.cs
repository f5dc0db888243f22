using System.Text.Json.Nodes;
using Delivery.Testing;

namespace Delivery.Metrics.Tests.Http;

/// <summary>From the SDK's requests to the numbers a rollout decides on, over a restart.</summary>
public sealed class ReleaseHealthScenarios(PostgresFixture postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task exposures_and_events_become_counts_that_a_restart_in_the_middle_does_not_change()
    {
        var database = await postgres.CreateDatabaseAsync("health");
        await using var first = new DeliveryServer(database);
        using var operatorBefore = await first.AsAsync("operator", null, Cancel);
        await SendAsync(first, part: 0);
        var before = await operatorBefore.CompleteHealthAsync("new-checkout", "on", Cancel);
        Totals(before).ShouldBe((30, 30, 30, 6, 15, 60));
        await SendAsync(first, part: 1);
        var uninterrupted = await operatorBefore.CompleteHealthAsync("new-checkout", "on", Cancel);
        await first.DisposeAsync();

        await using var second = new DeliveryServer(database);
        using var operatorAfter = await second.AsAsync("operator", null, Cancel);
        var replayed = await operatorAfter.CompleteHealthAsync("new-checkout", "on", Cancel);

        Numbers(replayed).ShouldBe(Numbers(uninterrupted));
        Totals(replayed).ShouldBe((60, 60, 60, 12, 30, 120));

        await SendAsync(second, part: 1, source: "another-process");
        Numbers(await operatorAfter.CompleteHealthAsync("new-checkout", "on", Cancel), withTimes: false).ShouldBe(Numbers(uninterrupted, withTimes: false));
    }

    /// <summary>30 units with the variant and 60 without; a fifth of the exposed fail; every other of them buys.</summary>
    private static async Task SendAsync(DeliveryServer server, int part, string source = "shop-1")
    {
        using var sdk = await server.AsAsync("server-sdk", "production", Cancel);
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        var exposures = new List<JsonObject>();
        var events = new List<JsonObject>();
        for (var i = 0; i < 90; i++)
        {
            var id = (part * 1_000) + i;
            var unit = $"unit-{id}";
            var variant = i < 30 ? "on" : "off";
            exposures.Add(Traffic.Exposure(id, "new-checkout", variant, 3, unit, start));
            var request = Traffic.Event(id, "request", unit, start.AddSeconds(1));
            request["durationMs"] = 20 + i;
            request["error"] = i < 30 && i % 5 == 0;
            if (i % 2 == 0)
                request["flags"] = new JsonObject { ["new-checkout"] = new JsonObject { ["variant"] = variant, ["version"] = 3 } };
            events.Add(request);
            if (i % 2 == 0)
                events.Add(Traffic.Event(10_000 + id, "purchase", unit, start.AddSeconds(2)));
        }

        await sdk.SendAsync("/sdk/v1/events", events, source, part, Cancel);
        await sdk.SendAsync("/sdk/v1/exposures", exposures, source, part, Cancel);
    }

    private static (long Exposures, long Units, long Requests, long Errors, long Purchases, long ControlRequests) Totals(JsonNode health)
    {
        var epoch = health["epochs"]!.AsArray().ShouldHaveSingleItem()!;
        var released = epoch["released"]!;
        long Of(string name) => released[name]!.GetValue<long>();
        Of("failingUnits").ShouldBe(Of("errors"));
        released["latency"]!.AsArray().Sum(bucket => bucket!["count"]!.GetValue<long>()).ShouldBe(Of("requests"));
        return (Of("exposures"), Of("units"), Of("requests"), Of("errors"), released["conversions"]!["purchase"]!.GetValue<long>(), epoch["control"]!["requests"]!.GetValue<long>());
    }

    private static string Numbers(JsonNode health, bool withTimes = true)
    {
        var copy = health.DeepClone().AsObject();
        copy.Remove("completeUpTo");
        if (!withTimes)
        {
            copy.Remove("lastExposureAt");
            copy.Remove("lastEventAt");
        }

        return copy.ToJsonString();
    }
}
