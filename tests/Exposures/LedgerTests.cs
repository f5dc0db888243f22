using System.Text.Json;
using Delivery.Testing;

namespace Delivery.Exposures.Tests;

/// <summary>Seals, their chain, and what tampering with the stored rows looks like.</summary>
public sealed class LedgerTests(PostgresFixture postgres) : IAsyncLifetime
{
    private Ledger _ledger = null!;

    public async ValueTask InitializeAsync()
    {
        _ledger = await Ledger.StartAsync(postgres);
        for (var batch = 0; batch < 5; batch++)
            await _ledger.TakenAsync(Exposures.Array(Exposures.Many(batch * 10, 10)));
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task each_commit_is_sealed_by_an_event_that_names_its_predecessors_hash()
    {
        var ledger = await _ledger.GetAsync("/api/v1/ledger");
        var segments = (await _ledger.GetAsync("/api/v1/ledger/segments")).GetProperty("items").EnumerateArray().ToList();
        var events = (await _ledger.GetAsync("/api/v1/events?kind=ledger&key=exposures")).GetProperty("items").EnumerateArray().ToList();

        ledger.GetProperty("segments").GetInt64().ShouldBe(5);
        ledger.GetProperty("rows").GetInt64().ShouldBe(50);
        segments.Select(s => s.GetProperty("firstPosition").GetInt64()).ShouldBe([1, 11, 21, 31, 41]);
        events.Select(e => e.GetProperty("data").GetProperty("hash").GetString()).ShouldBe(segments.Select(s => s.GetProperty("hash").GetString()));
        segments.Skip(1).Select(s => s.GetProperty("previousHash").GetString()).ShouldBe(segments.Take(4).Select(s => s.GetProperty("hash").GetString()));
        events[0].GetProperty("type").GetString().ShouldBe("rows-sealed");
    }

    [Fact]
    public async Task an_untouched_ledger_verifies_as_a_whole_and_in_part()
    {
        var whole = await VerifyAsync();
        var part = await VerifyAsync("?from=2&to=4");
        var since = await VerifyAsync("?from=2020-01-01T00:00:00Z");

        (whole.GetProperty("valid").GetBoolean(), whole.GetProperty("segments").GetInt64(), whole.GetProperty("rows").GetInt64()).ShouldBe((true, 5, 50));
        (part.GetProperty("valid").GetBoolean(), part.GetProperty("segments").GetInt64(), part.GetProperty("rows").GetInt64()).ShouldBe((true, 3, 30));
        since.GetProperty("segments").GetInt64().ShouldBe(5);
    }

    [Theory]
    [InlineData("UPDATE exposures.exposures SET unit = 'user-0' WHERE position = 25", 3, "row-changed")]
    [InlineData("UPDATE exposures.exposures_shared SET variant = 'off'", 1, "row-changed")]
    [InlineData("INSERT INTO exposures.exposures_shared SELECT (json_populate_record(s, '{\"shared\": 2, \"key\": null, \"variant\": \"off\"}')).* FROM exposures.exposures_shared s; UPDATE exposures.exposures SET shared = 2 WHERE position = 25", 3, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET shared = 7 WHERE position = 25", 3, "row-removed")]
    [InlineData("UPDATE exposures.exposures_origin SET source = 'another'", 1, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET origin = 7 WHERE position = 25", 3, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET attributes = NULL WHERE position = 41", 5, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET time = time + interval '1 microsecond' WHERE position = 1", 1, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET received_at = received_at + interval '1 microsecond' WHERE position = 11", 2, "row-changed")]
    [InlineData("DELETE FROM exposures.exposures WHERE position = 20", 2, "row-removed")]
    [InlineData("INSERT INTO exposures.exposures SELECT * FROM exposures.exposures WHERE position = 35", 4, "row-added")]
    [InlineData("INSERT INTO exposures.exposures SELECT (r).* FROM (SELECT e #= hstore('position', '51') AS r FROM exposures.exposures e WHERE position = 35) x", 6, "unsealed-rows")]
    [InlineData("UPDATE events.mt_events SET data = jsonb_set(data, '{hash}', to_jsonb(repeat('0', 64))) WHERE stream_id = 'ledger:exposures' AND version = 2", 3, "chain")]
    [InlineData("DELETE FROM events.mt_events WHERE stream_id = 'ledger:exposures' AND version = 3", 3, "seal-missing")]
    [InlineData("DELETE FROM events.mt_events WHERE stream_id = 'ledger:exposures' AND version = 5", 5, "seal-missing")]
    public async Task tampering_is_found_and_the_segment_named(string tampering, long segment, string kind)
    {
        await _ledger.ExecuteAsync("CREATE EXTENSION IF NOT EXISTS hstore");
        await _ledger.ExecuteAsync(tampering);

        var result = await VerifyAsync();

        result.GetProperty("valid").GetBoolean().ShouldBeFalse();
        result.GetProperty("breaks").EnumerateArray().Select(b => (b.GetProperty("segment").GetInt64(), b.GetProperty("kind").GetString()))
            .ShouldContain((segment, kind));
    }

    [Fact]
    public async Task a_head_noted_elsewhere_proves_that_the_chain_was_not_rewritten()
    {
        var head = (await _ledger.GetAsync("/api/v1/ledger")).GetProperty("head");
        var noted = $"{head.GetProperty("segment")}:{head.GetProperty("hash")}";
        await _ledger.TakenAsync(Exposures.Array(Exposures.Many(100, 10)));

        (await VerifyAsync($"?head={noted}")).GetProperty("valid").GetBoolean().ShouldBeTrue();
        var rewritten = await VerifyAsync($"?head=5:{new string('1', 64)}");
        rewritten.GetProperty("breaks")[0].GetProperty("kind").GetString().ShouldBe("head");
    }

    [Fact]
    public async Task the_feed_goes_on_exactly_where_a_reader_stopped_and_wakes_at_the_commit()
    {
        var first = await _ledger.ReadAsync(0, 25);
        var stoppedAt = first[^1].Position;
        var rest = _ledger.ReadAsync(stoppedAt, (int)(60 - stoppedAt));
        await _ledger.TakenAsync(Exposures.Array(Exposures.Many(500, 10)));

        first.Concat(await rest).Select(r => r.Position).ShouldBe(Enumerable.Range(1, 60).Select(n => (long)n));
        (await _ledger.ReadAsync(17, 1))[0].Position.ShouldBe(18);
    }

    private Task<JsonElement> VerifyAsync(string query = "") => _ledger.GetAsync($"/api/v1/ledger/verify{query}");
}
