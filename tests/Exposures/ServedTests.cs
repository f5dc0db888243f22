using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Exposures.Tests.Verifying;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Exposures.Tests;

/// <summary>What the server evaluates for clients becomes exposures behind the answer.</summary>
public sealed class ServedTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task a_single_evaluation_for_an_sdk_key_is_an_exposure_that_derives_again()
    {
        await Evaluated.FlagAsync(_ledger, "served");
        await Evaluated.ConfigureAsync(_ledger, "served", 5_000);
        using var sdk = await shared.ClientAsync("server-sdk", "production");
        var before = await _ledger.HeadAsync();

        var answer = await EvaluateAsync(sdk, "/served", """{ "targetingKey": "u1", "country": "DE", "shoeSize": 44 }""");

        var row = (await _ledger.ReadAsync(before, 1)).ShouldHaveSingleItem();
        row.Variant.ShouldBe(answer.GetProperty("variant").GetString());
        var shown = (await _ledger.GetAsync("/api/v1/exposures?flag=served")).GetProperty("items")[0];
        shown.GetProperty("attributes").GetRawText().ShouldBe("""{"country":"DE"}""", "no rule reads the shoe size");
        shown.GetProperty("ruleId").GetString().ShouldBe("by-country");
        shown.GetProperty("source").GetString().ShouldStartWith("server:");
        var report = await Evaluated.SentAsync(_ledger, HttpMethod.Post, "/api/v1/exposures/verify", """{ "environment": "production", "flag": "served" }""");
        (report.GetProperty("checked").GetInt64(), report.GetProperty("matching").GetInt64()).ShouldBe((1, 1));
    }

    [Fact]
    public async Task a_bulk_evaluation_an_unknown_flag_a_missing_unit_and_an_operators_look_are_none()
    {
        await Evaluated.FlagAsync(_ledger, "looked-at");
        using var sdk = await shared.ClientAsync("server-sdk", "production");
        using var person = await shared.ClientAsync("operator", null);
        var (before, withoutUnit) = (await _ledger.HeadAsync(), (await ServedAsync()).WithoutUnit);

        await EvaluateAsync(sdk, "", """{ "targetingKey": "u1" }""");
        await EvaluateAsync(person, "/looked-at", """{ "targetingKey": "u1" }""");
        await EvaluateAsync(sdk, "/looked-at", "{}");
        (await sdk.PostAsJsonAsync("/ofrep/v1/evaluate/flags/nothing", new { context = new { targetingKey = "u1" } }, TestContext.Current.CancellationToken)).IsSuccessStatusCode.ShouldBeFalse();
        await EvaluateAsync(sdk, "/looked-at", """{ "targetingKey": "u2" }""");

        (await _ledger.ReadAsync(before, 1)).Select(row => row.Unit).ShouldBe(["u2"]);
        (await _ledger.RowsAfterAsync(before)).ShouldBe(1);
        ((await ServedAsync()).WithoutUnit - withoutUnit).ShouldBe(1);
    }

    [Fact]
    public async Task a_key_says_whether_and_its_change_is_an_event()
    {
        await Evaluated.FlagAsync(_ledger, "by-key");
        var issued = await Evaluated.SentAsync(_ledger, HttpMethod.Post, "/api/v1/keys",
            """{ "name": "quiet", "role": "server-sdk", "environment": "production", "recordsExposures": false }""");
        var id = issued.GetProperty("id").GetString();
        (await _ledger.GetAsync($"/api/v1/keys/{id}")).GetProperty("recordsExposures").GetBoolean().ShouldBeFalse();
        using var quiet = _ledger.With(issued.GetProperty("key").GetString()!);
        var before = await _ledger.HeadAsync();
        await EvaluateAsync(quiet, "/by-key", """{ "targetingKey": "unheard" }""");

        var set = await Evaluated.SentAsync(_ledger, HttpMethod.Put, $"/api/v1/keys/{id}/recording", """{ "recordsExposures": true, "comment": "no hook in this service" }""");
        var again = await Evaluated.SentAsync(_ledger, HttpMethod.Put, $"/api/v1/keys/{id}/recording", """{ "recordsExposures": true }""");

        (set.GetProperty("changed").GetBoolean(), again.GetProperty("changed").GetBoolean()).ShouldBe((true, false));
        (await _ledger.GetAsync($"/api/v1/keys/{id}")).GetProperty("recordsExposures").GetBoolean().ShouldBeTrue();
        await EvaluateAsync(quiet, "/by-key", """{ "targetingKey": "heard" }""");
        (await _ledger.ReadAsync(before, 1)).Select(row => row.Unit).ShouldBe(["heard"]);
        (await _ledger.GetAsync($"/api/v1/keys/{id}/events")).GetProperty("items").EnumerateArray().Last().GetProperty("type").GetString().ShouldBe("key-recording-set");
    }

    [Fact]
    public async Task what_is_handed_over_is_an_exposure_that_derives_again()
    {
        await Evaluated.FlagAsync(_ledger, "handed-over");
        await Evaluated.ConfigureAsync(_ledger, "handed-over", 5_000);
        var (before, withoutUnit) = (await _ledger.HeadAsync(), (await ServedAsync()).WithoutUnit);

        await OfferAsync(_ledger, "handed-over", new EvaluationContext(null), EvaluationContext.For("u1").With("country", "DE").With("shoeSize", 44).Build(), new EvaluationContext("u2"));

        (await _ledger.ReadAsync(before, 2)).Select(row => row.Unit).ShouldBe(["u1", "u2"]);
        var shown = (await _ledger.GetAsync("/api/v1/exposures?flag=handed-over")).GetProperty("items");
        shown[0].GetProperty("attributes").GetRawText().ShouldBe("""{"country":"DE"}""", "no rule reads the shoe size");
        shown[0].GetProperty("ruleId").GetString().ShouldBe("by-country");
        shown[0].GetProperty("source").GetString()!.ShouldStartWith("server:");
        shown[1].GetProperty("attributes").GetRawText().ShouldBe("{}");
        var report = await Evaluated.SentAsync(_ledger, HttpMethod.Post, "/api/v1/exposures/verify", """{ "environment": "production", "flag": "handed-over" }""");
        (report.GetProperty("checked").GetInt64(), report.GetProperty("matching").GetInt64()).ShouldBe((2, 2));
        ((await ServedAsync()).WithoutUnit - withoutUnit).ShouldBe(1);
    }

    [Fact]
    public async Task what_does_not_fit_is_counted_and_alerts_and_what_was_taken_is_written_once_the_database_answers()
    {
        await using var ledger = await shared.AnotherAsync(new Dictionary<string, string> { ["Exposures:Served:WaitingEvaluations"] = "16", ["Exposures:Served:BatchRows"] = "4" });
        await Evaluated.FlagAsync(ledger, "flooded");
        await using var writer = await ledger.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await RunAsync("SELECT pg_advisory_lock(hashtextextended('ledger:exposures', 0))");

        await OfferAsync(ledger, "flooded", [.. Enumerable.Range(0, 100).Select(n => new EvaluationContext($"u{n}"))]);

        // The writer hangs, and the alert comes all the same.
        var alert = await ledger.AlertAsync("exposures-lost", "ledger/exposures");
        alert.GetProperty("severity").GetString().ShouldBe("critical");
        alert.GetProperty("detail").GetString()!.ShouldContain("16 wait to be written already");
        await RunAsync("SELECT pg_advisory_unlock_all()");
        var lost = (int)(await ledger.GetAsync("/api/v1/ledger")).GetProperty("served").GetProperty("lost").GetInt64();
        lost.ShouldBeInRange(100 - 16 - 4, 100 - 16);
        (await ledger.ReadAsync(0, 100 - lost)).Count.ShouldBe(100 - lost);

        async Task RunAsync(string sql)
        {
            await using var command = writer.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task OfferAsync(Ledger ledger, string flag, params EvaluationContext[] contexts)
    {
        var snapshot = await Evaluated.SnapshotAsync(ledger);
        var sink = ledger.Services.GetRequiredService<IExposureSink>();
        foreach (var context in contexts)
            sink.Offer(new ServedEvaluation("production", flag, snapshot, context, snapshot.Evaluate(flag, context), TimeProvider.System.GetUtcNow()));
    }

    private async Task<(long Recorded, long WithoutUnit)> ServedAsync()
    {
        var served = (await _ledger.GetAsync("/api/v1/ledger")).GetProperty("served");
        return (served.GetProperty("recorded").GetInt64(), served.GetProperty("withoutUnit").GetInt64());
    }

    private static async Task<JsonElement> EvaluateAsync(HttpClient client, string key, string context) =>
        await Ledger.Json(await client.PostAsync($"/ofrep/v1/evaluate/flags{key}", new StringContent($$"""{ "context": {{context}} }"""), TestContext.Current.CancellationToken));
}
