using System.Text.Json.Nodes;
using Delivery.Exposures.Tests.Verifying;

namespace Delivery.Exposures.Tests;

public sealed class AssignmentTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task a_unit_recorded_without_an_assignment_is_found_and_one_that_was_assigned_is_not()
    {
        await Evaluated.FlagAsync(_ledger, "unassigned");
        var untouched = await Evaluated.SnapshotAsync(_ledger);
        var claimed = Evaluated.Exposure(untouched, 300_000, "unassigned", "claimed").With("variant", "on").With("reason", "SPLIT");
        await Evaluated.ConfigureAsync(_ledger, "unassigned", 5_000);
        var configured = await Evaluated.SnapshotAsync(_ledger);
        await _ledger.TakenAsync(Exposures.Array(
            claimed, Evaluated.Exposure(untouched, 300_001, "unassigned", "default"), Evaluated.Exposure(configured, 300_002, "unassigned", "split"),
            Evaluated.Exposure(configured, 300_003, "unassigned", "blind").With("variant", "on").With("reason", "TARGETING_MATCH").With("attributes", null)));

        var page = await _ledger.GetAsync("/api/v1/exposures/unassigned?flag=unassigned&environment=production");

        var item = page.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        item.GetProperty("unit").GetString().ShouldBe("claimed");
        item.GetProperty("given").GetProperty("variant").GetString().ShouldBe("off");
        (page.GetProperty("checked").GetInt64(), page.TryGetProperty("next", out _)).ShouldBe((4, false));
    }

    [Fact]
    public async Task assignments_that_no_longer_hold_are_told_page_by_page_by_the_newest_exposure()
    {
        await Evaluated.FlagAsync(_ledger, "moved");
        await Evaluated.ConfigureAsync(_ledger, "moved", 10_000);
        var before = await Evaluated.SnapshotAsync(_ledger);
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 10).Select(n => Evaluated.Exposure(before, 310_000 + n, "moved", $"unit-{n}"))
            .Append(Evaluated.Exposure(before, 310_010, "moved", "german", new JsonObject { ["country"] = "DE" }))));
        await Evaluated.ConfigureAsync(_ledger, "moved", 0);
        var now = await Evaluated.SnapshotAsync(_ledger);
        await _ledger.TakenAsync(Exposures.Array(Evaluated.Exposure(now, 310_020, "moved", "unit-3", time: TimeProvider.System.GetUtcNow().AddSeconds(1))));

        var found = new List<string?>();
        var pages = 0;
        for (string? after = ""; after is not null; pages++)
        {
            var page = await _ledger.GetAsync($"/api/v1/exposures/outdated?flag=moved&environment=production&limit=4&after={after}");
            found.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("unit").GetString()));
            after = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        found.ShouldBe(Enumerable.Range(0, 10).Where(n => n != 3).Select(n => $"unit-{n}"));
        pages.ShouldBe(3);
    }

    [Theory]
    [InlineData("/api/v1/exposures/outdated?flag=x", 400)]
    [InlineData("/api/v1/exposures/outdated?environment=production", 400)]
    [InlineData("/api/v1/exposures/unassigned?flag=x&environment=nowhere", 404)]
    [InlineData("/api/v1/exposures/unassigned?flag=no-such&environment=production", 404)]
    [InlineData("/api/v1/exposures/unassigned?flag=x&environment=production&limit=0", 400)]
    public async Task what_cannot_be_asked_is_refused(string path, int status) =>
        ((int)(await _ledger.Http.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode).ShouldBe(status);
}
