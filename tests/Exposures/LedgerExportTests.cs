using System.Text;
using Delivery.Client.Ledger;

namespace Delivery.Exposures.Tests;

/// <summary>A ledger that is checked from its export alone.</summary>
public sealed class LedgerExportTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    [Fact]
    public async Task an_export_holds_against_the_head_that_was_noted_and_shows_a_redaction()
    {
        await using var ledger = await FilledAsync();
        var head = LedgerHead.Read(await BytesAsync(ledger, "head"));
        await Ledger.Json(await ledger.Http.DeleteAsync("/api/v1/units/user-3", TestContext.Current.CancellationToken));
        await ledger.TakenAsync(Exposures.Array(Exposures.Many(100, 5)));

        var report = await CheckAsync(head, await BytesAsync(ledger, "seals"), await BytesAsync(ledger, "rows"));

        report.Breaks.ShouldBeEmpty();
        (report.Valid, report.Segments, report.Rows).ShouldBe((true, 4, 35));
        report.Redacted.ShouldBe([1]);
        var part = await CheckAsync(null, await BytesAsync(ledger, "seals?from=2&to=3"), await BytesAsync(ledger, "rows?from=2&to=3"));
        (part.Valid, part.Segments, part.Rows).ShouldBe((true, 2, 20));
    }

    [Theory]
    [InlineData("UPDATE exposures.exposures SET unit = 'user-0' WHERE position = 15", 2, "row-changed")]
    [InlineData("DELETE FROM exposures.exposures WHERE position = 25", 3, "row-removed")]
    [InlineData("INSERT INTO exposures.exposures SELECT * FROM exposures.exposures WHERE position = 5", 1, "row-added")]
    [InlineData("INSERT INTO exposures.exposures SELECT (json_populate_record(e, '{\"position\": 31}')).* FROM exposures.exposures e WHERE position = 30", 4, "unsealed-rows")]
    public async Task what_was_tampered_with_is_named_with_its_segment_with_and_without_the_server(string tampering, long segment, string kind)
    {
        await using var ledger = await FilledAsync();
        await ledger.ExecuteAsync(tampering);

        var report = await CheckAsync(null, await BytesAsync(ledger, "seals"), await BytesAsync(ledger, "rows"));
        var verified = await ledger.GetAsync("/api/v1/ledger/verify");

        verified.GetProperty("valid").GetBoolean().ShouldBeFalse();
        verified.GetProperty("breaks").EnumerateArray().Select(b => (b.GetProperty("segment").GetInt64(), b.GetProperty("kind").GetString())).ShouldBe([(segment, kind)]);
        if (kind == "unsealed-rows")
            return; // Rows outside of every segment are not exported.
        report.Breaks.Select(b => (b.Segment, b.Kind)).ShouldBe([(segment, kind)]);
    }

    [Fact]
    public async Task a_chain_that_was_rewritten_does_not_hold_against_the_noted_head()
    {
        await using var ledger = await FilledAsync();
        var head = LedgerHead.Read(await BytesAsync(ledger, "head"));
        var (seals, rows) = (await BytesAsync(ledger, "seals"), await BytesAsync(ledger, "rows"));

        (await CheckAsync(head with { Hash = new string('a', 64) }, seals, rows)).Breaks.Select(b => (b.Segment, b.Kind)).ShouldBe([(3, "head")]);
        (await CheckAsync(head with { Segment = 9 }, seals, rows)).Breaks.Select(b => (b.Segment, b.Kind)).ShouldBe([(9, "head")]);
        var lines = Encoding.UTF8.GetString(seals).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var torn = Encoding.UTF8.GetBytes(lines[0] + "\n" + lines[2]);
        (await CheckAsync(head, torn, rows)).Breaks.Select(b => b.Kind).ShouldContain("seal-missing");
        await Should.ThrowAsync<InvalidDataException>(() => CheckAsync(head, seals, rows[..^10]));
        await Should.ThrowAsync<InvalidDataException>(() => CheckAsync(head, seals, Encoding.UTF8.GetBytes(new string('x', 40))));
    }

    private async Task<Ledger> FilledAsync()
    {
        var ledger = await shared.AnotherAsync(null);
        for (var segment = 0; segment < 3; segment++)
            await ledger.TakenAsync(Exposures.Array(Exposures.Many(segment * 10, 10)));
        return ledger;
    }

    private static async Task<byte[]> BytesAsync(Ledger ledger, string what)
    {
        var response = await ledger.Http.GetAsync($"/api/v1/ledger/{what}", TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
    }

    private static Task<LedgerReport> CheckAsync(LedgerHead? head, byte[] seals, byte[] rows) => LedgerCheck.RunAsync(
        head, LedgerSeal.ReadAsync(new MemoryStream(seals), TestContext.Current.CancellationToken), new MemoryStream(rows), TestContext.Current.CancellationToken);
}
