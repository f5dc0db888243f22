using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Exposures.Verifying;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Exposures.Tests.Verifying;

public sealed class VerifyTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task what_an_sdk_evaluated_verifies_under_every_version_it_evaluated()
    {
        await Evaluated.FlagAsync(_ledger, "verified");
        foreach (var (weight, from) in new[] { (3_000, 100_000), (7_000, 100_100), (5_000, 100_200) })
        {
            await Evaluated.ConfigureAsync(_ledger, "verified", weight);
            await SendAsync(await Evaluated.SnapshotAsync(_ledger), "verified", from, 50);
        }

        var report = await VerifyAsync("verified");

        Counts(report).ShouldBe((150, 150, 0, 0));
        report.GetProperty("mismatches").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task an_exposure_that_an_earlier_version_gives_is_a_stale_sdk()
    {
        await Evaluated.FlagAsync(_ledger, "stale-build");
        await Evaluated.ConfigureAsync(_ledger, "stale-build", 10_000);
        var old = Evaluated.Exposure(await Evaluated.SnapshotAsync(_ledger), 110_000, "stale-build", "u1");
        await Evaluated.ConfigureAsync(_ledger, "stale-build", 0);
        var now = Evaluated.Exposure(await Evaluated.SnapshotAsync(_ledger), 110_000, "stale-build", "u1");
        await _ledger.TakenAsync(Exposures.Array(old.With("flagVersion", now["flagVersion"]!.DeepClone()).With("sequence", now["sequence"]!.DeepClone())));

        var mismatch = (await VerifyAsync("stale-build")).GetProperty("mismatches").EnumerateArray().ShouldHaveSingleItem();

        mismatch.GetProperty("likelyCause").GetString().ShouldBe("stale-sdk");
        mismatch.GetProperty("unit").GetString().ShouldBe("u1");
        mismatch.GetProperty("recorded").GetProperty("variant").GetString().ShouldBe("on");
        mismatch.GetProperty("expected").GetProperty("variant").GetString().ShouldBe("off");
        mismatch.GetProperty("expected").GetProperty("rule").GetString().ShouldBe("half");
    }

    [Fact]
    public async Task an_exposure_under_the_version_of_another_sequence_names_the_wrong_version()
    {
        await Evaluated.FlagAsync(_ledger, "crossed-versions");
        await Evaluated.ConfigureAsync(_ledger, "crossed-versions", 10_000);
        var first = Evaluated.Exposure(await Evaluated.SnapshotAsync(_ledger), 111_000, "crossed-versions", "u1");
        await Evaluated.ConfigureAsync(_ledger, "crossed-versions", 0);
        var second = Evaluated.Exposure(await Evaluated.SnapshotAsync(_ledger), 111_001, "crossed-versions", "u1");
        await _ledger.TakenAsync(Exposures.Array(second.With("sequence", first["sequence"]!.DeepClone())));

        var mismatch = (await VerifyAsync("crossed-versions")).GetProperty("mismatches").EnumerateArray().ShouldHaveSingleItem();

        mismatch.GetProperty("likelyCause").GetString().ShouldBe("wrong-version");
    }

    [Fact]
    public async Task what_no_version_ever_gave_was_tampered_with()
    {
        await Evaluated.FlagAsync(_ledger, "tampered");
        await Evaluated.ConfigureAsync(_ledger, "tampered", 5_000);
        await SendAsync(await Evaluated.SnapshotAsync(_ledger), "tampered", 112_000, 20);
        await _ledger.ExecuteAsync("""
            WITH forged AS (
                INSERT INTO exposures.exposures_shared
                SELECT (json_populate_record(s, json_build_object('shared', -1, 'key', null, 'variant', CASE variant WHEN 'on' THEN 'off' ELSE 'on' END))).*
                FROM exposures.exposures e JOIN exposures.exposures_shared s ON s.shared = e.shared WHERE flag = 'tampered' AND unit = 'u7'
                RETURNING shared)
            UPDATE exposures.exposures SET shared = -1 FROM forged
            WHERE unit = 'u7' AND exposures.shared IN (SELECT shared FROM exposures.exposures_shared WHERE flag = 'tampered')
            """);

        var report = await VerifyAsync("tampered");

        Counts(report).ShouldBe((20, 19, 1, 0));
        var mismatch = report.GetProperty("mismatches").EnumerateArray().ShouldHaveSingleItem();
        mismatch.GetProperty("unit").GetString().ShouldBe("u7");
        mismatch.GetProperty("likelyCause").GetString().ShouldBe("tampered");
    }

    [Fact]
    public async Task what_was_not_recorded_is_not_judged()
    {
        await Evaluated.FlagAsync(_ledger, "unrecorded");
        await Evaluated.ConfigureAsync(_ledger, "unrecorded", 0);
        var snapshot = await Evaluated.SnapshotAsync(_ledger);
        var german = new JsonObject { ["country"] = "DE" };
        await _ledger.TakenAsync(Exposures.Array(
            Evaluated.Exposure(snapshot, 113_000, "unrecorded", "u1", german).With("attributes", null),
            Evaluated.Exposure(snapshot, 113_001, "unrecorded", "u2", german),
            Evaluated.Exposure(snapshot, 113_002, "unrecorded", "u3").With("flagVersion", 99),
            Evaluated.Exposure(snapshot, 113_003, "unrecorded", "u4").With("sequence", 1_000_000),
            Evaluated.Exposure(snapshot, 113_004, "unrecorded", "forgotten-one", german)));
        await Ledger.Json(await _ledger.Http.DeleteAsync("/api/v1/units/forgotten-one", TestContext.Current.CancellationToken));

        var report = await VerifyAsync("unrecorded");

        Counts(report).ShouldBe((5, 1, 0, 4));
        var reasons = report.GetProperty("underivable").GetProperty("reasons").EnumerateObject().ToDictionary(r => r.Name, r => r.Value.GetInt64());
        reasons.ShouldBe(new Dictionary<string, long> { ["attributes-not-recorded"] = 1, ["unit-forgotten"] = 1, ["version-unknown"] = 2 }, ignoreOrder: true);
    }

    [Fact]
    public async Task the_newest_are_verified_within_the_time_asked_for()
    {
        await Evaluated.FlagAsync(_ledger, "ranged");
        var snapshot = await Evaluated.SnapshotAsync(_ledger);
        var start = TimeProvider.System.GetUtcNow().AddHours(-3);
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 6).Select(n => Evaluated.Exposure(snapshot, 114_000 + n, "ranged", $"u{n}", time: start.AddMinutes(n)))));

        Counts(await VerifyAsync("ranged", $", \"from\": \"{start.AddMinutes(1):O}\", \"to\": \"{start.AddMinutes(4):O}\"")).Checked.ShouldBe(3);
        Counts(await VerifyAsync("ranged", ", \"limit\": 2")).Checked.ShouldBe(2);
    }

    [Fact]
    public async Task a_sampled_mismatch_becomes_one_alert_for_the_owner_and_day()
    {
        await Evaluated.FlagAsync(_ledger, "watched", owner: "payments");
        await Evaluated.ConfigureAsync(_ledger, "watched", 10_000);
        var snapshot = await Evaluated.SnapshotAsync(_ledger);
        var sampler = _ledger.Services.GetRequiredService<VerificationSampler>();
        foreach (var number in new[] { 115_000, 115_001 })
        {
            await _ledger.TakenAsync(Exposures.Array(Evaluated.Exposure(snapshot, number, "watched", $"unit-{number}").With("variant", "off")));
            await sampler.LookAsync(TestContext.Current.CancellationToken);
        }

        var alert = await _ledger.AlertAsync("exposure-mismatch", "flag/watched");

        alert.GetProperty("team").GetString().ShouldBe("payments");
        alert.GetProperty("severity").GetString().ShouldBe("critical");
        alert.GetProperty("detail").GetString()!.ShouldContain("position");
        (await _ledger.ScalarAsync<long>("SELECT count(*) FROM events.mt_events WHERE data::text LIKE '%unit-115%'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{ "environment": "production", "limit": 0 }""", 400, "limit")]
    [InlineData("""{ "environment": "production", "limit": 100001 }""", 400, "limit")]
    [InlineData("""{ "environment": "production", "limit": "many" }""", 400, "limit")]
    [InlineData("""{ "environment": "production", "from": "2026-11-23T08:00:00Z", "to": "2026-11-23T07:00:00Z" }""", 400, "to")]
    [InlineData("""{ "environment": "production", "from": "yesterday" }""", 400, "from")]
    [InlineData("""{ "environment": "production", "colour": "red" }""", 400, "colour")]
    [InlineData("""{ "environment": "production", "environment": "staging" }""", 400, "environment")]
    [InlineData("""{ "flag": "x" }""", 400, "environment")]
    [InlineData("""{ "environment": """, 400, null)]
    [InlineData("""{ "environment": "production", "flag": "a\u0000b" }""", 400, "flag")]
    [InlineData("""{ "environment": "nowhere" }""", 404, null)]
    public async Task a_bad_request_gets_a_problem(string body, int status, string? field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var response = await _ledger.Http.PostAsync("/api/v1/exposures/verify", content, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        if (field is not null)
            problem.GetProperty("errors").EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe(field);
    }

    private async Task SendAsync(Delivery.Evaluation.Snapshot snapshot, string flag, int from, int count) =>
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, count).Select(n => Evaluated.Exposure(
            snapshot, from + n, flag, $"u{n}", n % 4 == 0 ? new JsonObject { ["country"] = n % 8 == 0 ? "DE" : "FR" } : null))));

    private Task<JsonElement> VerifyAsync(string flag, string more = "") => Evaluated.SentAsync(
        _ledger, HttpMethod.Post, "/api/v1/exposures/verify", $$"""{ "environment": "production", "flag": "{{flag}}"{{more}} }""");

    private static (long Checked, long Matching, long Differing, long Underivable) Counts(JsonElement report) => (
        report.GetProperty("checked").GetInt64(), report.GetProperty("matching").GetInt64(), report.GetProperty("differing").GetInt64(),
        report.GetProperty("underivable").GetProperty("count").GetInt64());
}
