using Delivery.Testing;

namespace Delivery.Exposures.Tests;

public sealed class PrivacyTests(PostgresFixture postgres) : IAsyncLifetime
{
    private Ledger _ledger = null!;

    public async ValueTask InitializeAsync()
    {
        _ledger = await Ledger.StartAsync(postgres);
        for (var batch = 0; batch < 4; batch++)
            await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 6).Select(n => Exposures.Make(batch * 10 + n, unit: $"unit-{n + batch % 2}"))));
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task a_forgotten_unit_is_nowhere_counts_stay_and_the_chain_shows_a_redaction()
    {
        var before = await CountAsync();

        var forgotten = await ForgetAsync("unit-0");

        forgotten.GetProperty("exposures").GetInt64().ShouldBe(2);
        (await _ledger.ScalarAsync<long>("SELECT count(*) FROM exposures.exposures WHERE unit = 'unit-0'")).ShouldBe(0);
        (await _ledger.ScalarAsync<long>("SELECT count(*) FROM events.mt_events WHERE data::text LIKE '%unit-0%' OR headers::text LIKE '%unit-0%'")).ShouldBe(0);
        (await _ledger.GetAsync("/api/v1/units/unit-0/exposures")).GetProperty("items").GetArrayLength().ShouldBe(0);
        var masked = (await _ledger.GetAsync($"/api/v1/units/{forgotten.GetProperty("pseudonym")}/exposures")).GetProperty("items");
        masked.GetArrayLength().ShouldBe(2);
        masked[0].TryGetProperty("attributes", out _).ShouldBeFalse();
        (await CountAsync()).ShouldBe(before);
        var verified = await _ledger.GetAsync("/api/v1/ledger/verify");
        verified.GetProperty("valid").GetBoolean().ShouldBeTrue();
        verified.GetProperty("redacted").EnumerateArray().Select(s => s.GetInt64()).ShouldBe([1, 3]);
    }

    [Fact]
    public async Task forgetting_twice_changes_nothing()
    {
        await ForgetAsync("unit-3");

        (await ForgetAsync("unit-3")).GetProperty("exposures").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task tampering_with_a_redacted_segment_is_still_found()
    {
        await ForgetAsync("unit-0");
        await ForgetAsync("unit-1");
        await _ledger.ExecuteAsync("UPDATE exposures.exposures SET time = time + interval '1 day' WHERE position = 15");

        var found = (await _ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("breaks");

        found.GetArrayLength().ShouldBe(1);
        found[0].GetProperty("segment").GetInt64().ShouldBe(3);
        found[0].GetProperty("kind").GetString().ShouldBe("row-changed");
    }

    private async Task<System.Text.Json.JsonElement> ForgetAsync(string unit) =>
        await Ledger.Json(await _ledger.Http.DeleteAsync($"/api/v1/units/{unit}", TestContext.Current.CancellationToken));

    private async Task<string> CountAsync() => (await _ledger.GetAsync("/api/v1/exposures/counts?by=flag,variant")).ToString();
}
