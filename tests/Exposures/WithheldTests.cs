using System.Text.Json.Nodes;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Exposures.Tests.Verifying;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Exposures.Tests;

/// <summary>What of a context is kept, and what is not.</summary>
public sealed class WithheldTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Secret = "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgb3IgbW9yZSE=";
    private Ledger _ledger = null!;

    public async ValueTask InitializeAsync()
    {
        _ledger = await Ledger.StartAsync(postgres, new Dictionary<string, string> { ["Exposures:Privacy:HashKey"] = Secret });
        await Evaluated.FlagAsync(_ledger, "private");
        await Evaluated.ConfigureAsync(_ledger, "private", 5_000);
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task what_no_rule_of_the_version_reads_is_dropped_and_what_cannot_be_judged_is_kept()
    {
        var before = await Evaluated.SnapshotAsync(_ledger);
        var context = new JsonObject { ["country"] = "DE", ["email"] = "kaethe@example.org", ["na\\me"] = 1 };
        await _ledger.TakenAsync(Exposures.Array(Evaluated.Exposure(before, 1, "private", "u1", context), Evaluated.Exposure(before, 2, "private", "u2", new JsonObject { ["country"] = "FR" })));
        await Evaluated.SentAsync(_ledger, HttpMethod.Put, "/api/v1/flags/private/environments/production", """{ "default": { "variant": "off" } }""");
        var after = await Evaluated.SnapshotAsync(_ledger);
        await _ledger.TakenAsync(Exposures.Array(
            Evaluated.Exposure(before, 3, "private", "u3", context), Evaluated.Exposure(after, 4, "private", "u4", context),
            Exposures.Make(5, "unknown", unit: "u5").With("attributes", context.DeepClone())));

        (await AttributesAsync()).ShouldBe([
            """{"country":"DE"}""", """{"country":"FR"}""", """{"country":"DE"}""", "{}", """{"country":"DE","email":"kaethe@example.org","na\\me":1}"""]);
        var report = await VerifyAsync();
        (report.GetProperty("checked").GetInt64(), report.GetProperty("matching").GetInt64()).ShouldBe((4, 4));
    }

    [Fact]
    public async Task hashed_and_omitted_attributes_are_nowhere_in_the_ledger_and_a_difference_is_underivable()
    {
        await SetAsync("""{ "environment": "production", "attributes": { "country": "hash" } }""");
        var snapshot = await Evaluated.SnapshotAsync(_ledger);
        await _ledger.TakenAsync(Exposures.Array(
            Evaluated.Exposure(snapshot, 1, "private", "u1", new JsonObject { ["country"] = "DE" }), Evaluated.Exposure(snapshot, 2, "private", "u2", new JsonObject { ["country"] = "DE" }),
            Evaluated.Exposure(snapshot, 3, "private", "u3", new JsonObject { ["country"] = "FR" })));
        await SetAsync("""{ "environment": "production", "attributes": { "country": "omit" }, "comment": "not even hashed" }""");
        var context = EvaluationContext.For("u4").With("country", "DE").Build();
        _ledger.Services.GetRequiredService<IExposureSink>().Offer(
            new ServedEvaluation("production", "private", snapshot, context, snapshot.Evaluate("private", context), TimeProvider.System.GetUtcNow()));
        await _ledger.ReadAsync(0, 4);

        var kept = await AttributesAsync();

        kept[0].ShouldMatch("^\\{\"country\":\\{\"\\$hmac\":\"[A-Za-z0-9_-]{43}\"\\}\\}$");
        (kept[1] == kept[0], kept[2] == kept[0]).ShouldBe((true, false));
        kept[3].ShouldBe("""{"country":{"$omitted":true}}""");
        var report = await VerifyAsync();
        report.GetProperty("differing").GetInt64().ShouldBe(0);
        report.GetProperty("underivable").GetProperty("reasons").GetProperty("attributes-withheld").GetInt64().ShouldBeGreaterThan(0);
        (await _ledger.ScalarAsync<long>($"SELECT count(*) FROM events.mt_events WHERE data::text LIKE '%{Secret}%'")).ShouldBe(0);
        (await _ledger.ScalarAsync<long>("SELECT count(*) FROM events.mt_events WHERE type = 'ledger_privacy_set'")).ShouldBe(2);
        (await _ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("valid").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_setting_repeated_changes_nothing_and_one_that_cannot_be_is_refused()
    {
        const string Document = """{ "environment": "production", "attributes": { "email": "omit" } }""";
        (await SetAsync(Document)).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await SetAsync(Document)).GetProperty("changed").GetBoolean().ShouldBeFalse();
        var shown = await _ledger.GetAsync("/api/v1/ledger/privacy?environment=production");
        (shown.GetProperty("attributes").GetProperty("email").GetString(), shown.GetProperty("canHash").GetBoolean()).ShouldBe(("omit", true));

        (await StatusAsync(_ledger, """{ "environment": "nowhere", "attributes": {} }""")).ShouldBe(404);
        (await StatusAsync(_ledger, """{ "environment": "production", "attributes": { "": "omit" } }""")).ShouldBe(400);
        (await StatusAsync(_ledger, """{ "environment": "production", "attributes": { "email": "burn" } }""")).ShouldBe(400);
        await using var keyless = await Ledger.StartAsync(postgres);
        (await StatusAsync(keyless, """{ "environment": "production", "attributes": { "email": "hash" } }""")).ShouldBe(409);
    }

    private static async Task<int> StatusAsync(Ledger ledger, string body) => (int)(await ledger.Http.PutAsync(
        "/api/v1/ledger/privacy", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken)).StatusCode;

    private Task<System.Text.Json.JsonElement> SetAsync(string body) => Evaluated.SentAsync(_ledger, HttpMethod.Put, "/api/v1/ledger/privacy", body);

    private Task<System.Text.Json.JsonElement> VerifyAsync() =>
        Evaluated.SentAsync(_ledger, HttpMethod.Post, "/api/v1/exposures/verify", """{ "environment": "production", "flag": "private" }""");

    private async Task<string[]> AttributesAsync() => await _ledger.ScalarAsync<string[]>("SELECT array_agg(attributes ORDER BY position) FROM exposures.exposures");
}
