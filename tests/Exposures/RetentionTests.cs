using System.Text.Json;
using Delivery.Client.Ledger;
using Delivery.Exposures.Retention;
using Delivery.Exposures.Tests.Verifying;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Exposures.Tests;

/// <summary>Exposures that are kept for some days, by environment; the proof of what was there stays.</summary>
public sealed class RetentionTests(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private Ledger _ledger = null!;

    public async ValueTask InitializeAsync()
    {
        _ledger = Ledger.On(await postgres.CreateDatabaseAsync("retention"), time: _time);
        for (var day = 0; day < 3; day++)
        {
            await TakenAsync("production", day * 100, 3);
            await TakenAsync("staging", day * 100 + 50, 2);
            _time.Advance(TimeSpan.FromDays(1));
        }
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task one_environments_rows_go_the_others_stay_and_the_ledger_still_verifies()
    {
        await KeepAsync("staging", 1);

        (await RunAsync()).ShouldBe(4);
        (await RunAsync()).ShouldBe(0, "twice is once");

        (await CountsAsync()).ShouldBe((9, 2));
        var verified = await _ledger.GetAsync("/api/v1/ledger/verify");
        verified.GetProperty("breaks").GetArrayLength().ShouldBe(0);
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("segments").GetInt64(), verified.GetProperty("rows").GetInt64()).ShouldBe((true, 6, 11));
        Retired(verified).ShouldBe([(2, 2), (4, 4)]);
        (await _ledger.ReadAsync(0, 11)).Count.ShouldBe(11, "a reader that begins anew gets what is left");
        (await _ledger.GetAsync("/api/v1/events?kind=ledger")).GetRawText().ShouldContain("rows-retired");
    }

    [Fact]
    public async Task a_day_that_nobody_keeps_is_dropped_and_its_seals_stay()
    {
        await KeepAsync("staging", 1);
        await KeepAsync("production", 2);

        (await RunAsync()).ShouldBe(5 + 2);

        (await CountsAsync()).ShouldBe((6, 2));
        (await _ledger.ScalarAsync<bool>("SELECT to_regclass('exposures.exposures_20260301') IS NULL")).ShouldBeTrue();
        var verified = await _ledger.GetAsync("/api/v1/ledger/verify");
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("segments").GetInt64()).ShouldBe((true, 6));
        Retired(verified).ShouldBe([(1, 2), (4, 4)]);
        var report = await LedgerCheck.RunAsync(
            LedgerHead.Read(await BytesAsync("head")), LedgerSeal.ReadAsync(new MemoryStream(await BytesAsync("seals")), TestContext.Current.CancellationToken),
            new MemoryStream(await BytesAsync("rows")), TestContext.Current.CancellationToken);
        report.Breaks.ShouldBeEmpty();
        report.Retired.ShouldBe([1, 2, 4]);
    }

    [Fact]
    public async Task what_is_tampered_with_beside_retired_rows_is_still_found_and_a_unit_can_still_be_forgotten()
    {
        await KeepAsync("staging", 1);
        await RunAsync();
        await Ledger.Json(await _ledger.Http.DeleteAsync("/api/v1/units/user-101", TestContext.Current.CancellationToken));
        (await _ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("valid").GetBoolean().ShouldBeTrue();

        await _ledger.ExecuteAsync("DELETE FROM exposures.exposures WHERE unit = 'user-200'");
        await _ledger.ExecuteAsync("INSERT INTO exposures.exposures SELECT (json_populate_record(e, '{\"position\": 4}')).* FROM exposures.exposures e WHERE unit = 'user-0'");

        (await _ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("breaks").EnumerateArray()
            .Select(b => (b.GetProperty("segment").GetInt64(), b.GetProperty("kind").GetString())).ShouldBe([(2, "row-added"), (5, "row-removed")]);
    }

    [Fact]
    public async Task the_setting_is_an_event_and_by_default_all_is_kept()
    {
        (await RunAsync()).ShouldBe(0);
        (await KeepAsync("staging", 30)).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await KeepAsync("staging", 30)).GetProperty("changed").GetBoolean().ShouldBeFalse();
        (await _ledger.GetAsync("/api/v1/ledger/retention?environment=staging")).GetProperty("days").GetInt32().ShouldBe(30);
        (await RunAsync()).ShouldBe(0);

        foreach (var (body, status) in new[] { ("""{ "environment": "staging", "days": 0 }""", 400), ("""{ "environment": "nowhere", "days": 3 }""", 404) })
            ((int)(await _ledger.Http.PutAsync("/api/v1/ledger/retention", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken)).StatusCode).ShouldBe(status);
    }

    private Task<JsonElement> KeepAsync(string environment, int days) =>
        Evaluated.SentAsync(_ledger, HttpMethod.Put, "/api/v1/ledger/retention", JsonSerializer.Serialize(new { environment, days }));

    private Task<long> RunAsync() => _ledger.Services.GetRequiredService<RetentionJob>().RunAsync(TestContext.Current.CancellationToken);

    private async Task TakenAsync(string environment, int from, int count) => await Ledger.Json(await _ledger.SendAsync(
        System.Text.Encoding.UTF8.GetBytes(Exposures.Array(Exposures.Many(from, count))), environment: environment));

    private async Task<(long Production, long Staging)> CountsAsync() => (
        await _ledger.ScalarAsync<long>("SELECT count(*) FROM exposures.recorded_exposures WHERE environment = 'production'"),
        await _ledger.ScalarAsync<long>("SELECT count(*) FROM exposures.recorded_exposures WHERE environment = 'staging'"));

    private static IEnumerable<(long, long)> Retired(JsonElement verified) => verified.GetProperty("retired").EnumerateArray()
        .Select(range => (range.GetProperty("firstSegment").GetInt64(), range.GetProperty("lastSegment").GetInt64()));

    private async Task<byte[]> BytesAsync(string what)
    {
        var response = await _ledger.Http.GetAsync($"/api/v1/ledger/{what}", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }
}
