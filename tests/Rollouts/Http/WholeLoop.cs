using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Testing;

namespace Delivery.Rollouts.Tests.Http;

/// <summary>
/// Flag, exposures, events, breaker and flag again, through the public API and the real modules, over a restart in the middle.
/// The conductor runs on the machine's clock; the test asks until the answer is there.
/// </summary>
public sealed class WholeLoop(PostgresFixture postgres)
{
    private const string Rollout = "/api/v1/rollouts/new-checkout";
    private const int Units = 600;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_release_that_fails_is_taken_from_everyone_and_a_restart_changes_nothing()
    {
        var database = await postgres.CreateDatabaseAsync("loop");
        await using (var first = new DeliveryServer(database))
        {
            using var admin = first.Admin();
            await PostAsync(admin, "/api/v1/flags", new { key = "new-checkout", type = "boolean" });
            await PostAsync(admin, "/api/v1/rollouts", new
            {
                key = "new-checkout",
                flag = "new-checkout",
                stages = new[] { new { exposurePercent = 20, minimumSeconds = 3_600 }, new { exposurePercent = 100, minimumSeconds = 3_600 } },
            });
            await PostAsync(admin, $"{Rollout}/start", new { comment = "go" });
            await UntilAsync(admin, r => r.GetProperty("exposurePercent").GetDouble() == 20);
            await ServeAsync(admin, failing: 0, batch: 1);
            await UntilAsync(admin, r => r.TryGetProperty("released", out var arm) && arm.GetProperty("units").GetInt64() > 60);
        }

        await using (var second = new DeliveryServer(database))
        {
            using var admin = second.Admin();
            (await admin.GetFromJsonAsync<JsonElement>(Rollout, Cancel)).GetProperty("status").GetString().ShouldBe("running");
            var exposed = await ServeAsync(admin, failing: 3, batch: 2);
            exposed.ShouldBeInRange(70, 170);
            var aborted = await UntilAsync(admin, r => r.GetProperty("status").GetString() == "aborted");
            TestContext.Current.TestOutputHelper!.WriteLine(aborted.GetProperty("reason").GetString()!);
            aborted.GetProperty("abort").GetProperty("cause").GetString().ShouldBe("breaker");
            aborted.GetProperty("abort").GetProperty("evidence").GetProperty("released").GetProperty("units").GetInt64().ShouldBe(exposed);
            var closing = await EventAsync(admin, "rollout-closed") - await EventAsync(admin, "rollout-aborted");
            TestContext.Current.TestOutputHelper!.WriteLine($"from the abort to the note of the closed flag: {closing.TotalMilliseconds:0} ms");
            (await EvaluateAsync(admin)).Count(e => e.Variant == "on").ShouldBe(0);
        }

        await using var third = new DeliveryServer(database);
        using var again = third.Admin();
        (await again.GetFromJsonAsync<JsonElement>(Rollout, Cancel)).GetProperty("status").GetString().ShouldBe("aborted");
        (await again.PostAsJsonAsync($"{Rollout}/start", new { }, Cancel)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await EvaluateAsync(again)).Count(e => e.Variant == "on").ShouldBe(0);
    }

    /// <summary>Every unit meets the flag; of those with the variant one in <paramref name="failing"/> fails. Returns how many have it.</summary>
    private static async Task<int> ServeAsync(HttpClient admin, int failing, int batch)
    {
        var evaluated = await EvaluateAsync(admin);
        var time = TimeProvider.System.GetUtcNow();
        await PostAsync(admin, "/sdk/v1/exposures", evaluated.Select((e, i) => new
        {
            id = new Guid(i, (short)batch, 1, 0, 0, 0, 0, 0, 0, 0, 0),
            flag = "new-checkout",
            variant = e.Variant,
            unit = $"unit-{i}",
            reason = "SPLIT",
            flagVersion = e.Version,
            sequence = e.Version,
            time,
        }));
        await PostAsync(admin, "/sdk/v1/events", evaluated.Select((e, i) => new
        {
            id = new Guid(i, (short)batch, 2, 0, 0, 0, 0, 0, 0, 0, 0),
            name = "request",
            unit = $"unit-{i}",
            time,
            durationMs = 50.0,
            error = e.Variant == "on" && failing > 0 && i % failing == 0,
        }));
        return evaluated.Count(e => e.Variant == "on");
    }

    private static async Task<IReadOnlyList<(string Variant, long Version)>> EvaluateAsync(HttpClient admin)
    {
        var results = new List<(string, long)>();
        for (var i = 0; i < Units; i++)
        {
            using var response = await admin.PostAsJsonAsync(
                "/ofrep/v1/evaluate/flags/new-checkout", new { context = new { targetingKey = $"unit-{i}" } }, Cancel);
            var result = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            results.Add((result.GetProperty("variant").GetString()!, long.Parse(result.GetProperty("metadata").GetProperty("version").GetString()!, System.Globalization.CultureInfo.InvariantCulture)));
        }

        return results;
    }

    private static async Task PostAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostAsJsonAsync(path, body, Cancel);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task<JsonElement> UntilAsync(HttpClient client, Func<JsonElement, bool> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        while (true)
        {
            var release = await client.GetFromJsonAsync<JsonElement>(Rollout, patience.Token);
            if (holds(release))
                return release;
        }
    }

    /// <summary>When the first event of a type was recorded.</summary>
    private static async Task<DateTimeOffset> EventAsync(HttpClient client, string type)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        while (true)
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"{Rollout}/events?type={type}", patience.Token);
            if (page.GetProperty("items") is var items && items.GetArrayLength() > 0)
                return items[0].GetProperty("time").GetDateTimeOffset();
        }
    }
}
