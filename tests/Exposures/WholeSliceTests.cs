using Delivery.Segments;
using Delivery.Testing;

namespace Delivery.Exposures.Tests;

/// <summary>A slice of which most rows are verified is read as a whole; what was done to its rows is found all the same.</summary>
public sealed class WholeSliceTests(PostgresFixture postgres)
{
    private static readonly Slice First = new("one", 1, 1_000_001);
    private static readonly Slice Second = new("two", 1_000_001, 2_000_001);

    [Fact]
    public void segments_that_make_up_most_of_a_slice_are_one_portion_and_one_that_crosses_its_end_is_another()
    {
        var portions = Cut([First, Second], 120_000, 18);

        portions.Select(portion => (portion.Whole?.Table, portion.Seals[0].Segment, portion.Seals[^1].Segment))
            .ShouldBe([("one", 1, 8), (null, 9, 9), ("two", 10, 16), (null, 17, 18)]);
    }

    [Fact]
    public void of_a_slice_of_which_few_segments_are_wanted_runs_of_rows_are_read()
    {
        var portions = Cut([First, Second], 120_000, 5);

        portions.Select(portion => (portion.Whole, portion.Seals.Count)).ShouldBe([(null, 2), (null, 2), (null, 1)]);
    }

    [Fact]
    public void slices_that_take_the_same_positions_are_not_trusted_with_a_portion()
    {
        var portions = Cut([First, Second, new Slice("forged", 500_000, 700_000)], 120_000, 16);

        portions.Where(portion => portion.Whole is not null).Select(portion => portion.Whole).ShouldBe([Second]);
        portions.SelectMany(portion => portion.Seals).Select(seal => seal.Segment).ShouldBe(Enumerable.Range(1, 16).Select(n => (long)n));
    }

    [Fact]
    public void very_many_segments_are_not_hashed_at_once()
    {
        var portions = Cut([First, Second], 1, 5_000);

        portions.Max(portion => portion.Seals.Count).ShouldBe(PortionCutter.MostSegments);
        portions.Sum(portion => portion.Seals.Count).ShouldBe(5_000);
    }

    [Theory]
    [InlineData(null, 0, "")]
    [InlineData("UPDATE exposures.exposures SET unit = 'user-0' WHERE position = 450", 2, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET unit = 'user-0' WHERE position = 1000", 4, "row-changed")]
    [InlineData("UPDATE exposures.exposures SET origin = 7 WHERE position = 450", 2, "row-changed")]
    [InlineData("DELETE FROM exposures.exposures WHERE position = 900", 3, "row-removed")]
    [InlineData("INSERT INTO exposures.exposures SELECT * FROM exposures.exposures WHERE position = 450", 2, "row-added")]
    [InlineData("UPDATE exposures.exposures SET time = time WHERE position IN (3, 450)", 0, "")]
    public async Task what_was_done_to_a_row_is_found_and_only_that(string? tampering, long segment, string kind)
    {
        await using var ledger = await Ledger.StartAsync(postgres, settings: new Dictionary<string, string> { ["Segments:SliceRows"] = "1000" });
        for (var batch = 0; batch < 7; batch++)
            await ledger.TakenAsync(Exposures.Array(Exposures.Many(batch * 300, 300)));
        if (tampering is not null)
            await ledger.ExecuteAsync(tampering);

        var verified = await ledger.GetAsync("/api/v1/ledger/verify");

        verified.GetProperty("segments").GetInt64().ShouldBe(7);
        verified.GetProperty("breaks").EnumerateArray().Select(one => (one.GetProperty("segment").GetInt64(), one.GetProperty("kind").GetString()))
            .Distinct().ShouldBe(segment == 0 ? [] : [(segment, kind)]);
        (await ledger.GetAsync("/api/v1/ledger/verify?from=5&to=7")).GetProperty("valid").GetBoolean().ShouldBeTrue();
    }

    private static List<SealedPortion> Cut(IReadOnlyList<Slice> slices, long rows, int segments)
    {
        var cutter = new PortionCutter(slices);
        return [.. Enumerable.Range(1, segments).SelectMany(n => cutter.Add(new RowsSealed(n, (n - 1) * rows + 1, n * rows, rows, "", "", DateTimeOffset.UnixEpoch))), .. cutter.Finish()];
    }
}
