using System.Text.RegularExpressions;
using Delivery.Exposures.Queries;
using Delivery.Segments;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Exposures.Tests;

/// <summary>A day's rows lie in slices, and a slice gets its indexes when that is cheap. The clock stands: only the test looks.</summary>
public sealed class SliceTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private Ledger _ledger = null!;

    public async ValueTask InitializeAsync() => _ledger = await Ledger.StartAsync(postgres, time: new FakeTimeProvider(Noon), settings: new Dictionary<string, string>
    {
        ["Segments:SliceRows"] = "12000",
        ["Segments:CalmRowsPerSecond"] = "500",
    });

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task a_group_that_crosses_the_end_of_a_slice_goes_on_in_the_next_one()
    {
        await _ledger.TakenAsync(Exposures.Array(Exposures.Many(0, 10_000)));
        await _ledger.TakenAsync(Exposures.Array(Exposures.Many(10_000, 10_000)));

        (await SlicesAsync()).ShouldBe("exposures_20261127_1 1-12000, exposures_20261127_12001 12001-20000");
        (await _ledger.ReadAsync(0, 20_000)).Select(r => r.Id).ShouldBe(Enumerable.Range(0, 20_000).Select(Exposures.Id));
        var verified = await _ledger.GetAsync("/api/v1/ledger/verify");
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("segments").GetInt64()).ShouldBe((true, 2));
    }

    [Fact]
    public async Task full_slices_are_indexed_and_a_units_history_reads_no_row_of_them_in_vain()
    {
        for (var batch = 0; batch < 5; batch++)
            await _ledger.TakenAsync(Exposures.Array(Exposures.Many(batch * 9_000, 9_000)));
        var before = await _ledger.GetAsync("/api/v1/units/user-7/exposures");

        (await LookAsync()).ShouldBe(3);
        (await LookAsync()).ShouldBe(0);

        var plan = await PlanAsync(new ExposureFilter(Unit: "user-7"));
        plan.ShouldNotContain("Seq Scan on exposures_2026");
        Regex.Matches(plan, @"Bitmap Heap Scan on (\S+)").Select(m => m.Groups[1].Value).Distinct().ShouldBe(["exposures_20261127_36001"], plan);
        foreach (var slice in new[] { 1, 12001, 24001 })
            plan.ShouldContain($"exposures_20261127_{slice}_x0");
        (await _ledger.GetAsync("/api/v1/units/user-7/exposures")).ToString().ShouldBe(before.ToString());
        before.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task the_open_slice_is_indexed_when_the_intake_is_calm_and_freed_of_it_when_many_rows_come()
    {
        await LookAsync();
        await _ledger.TakenAsync(Exposures.Array(Exposures.Many(0, 10_001)));
        var built = new List<int>();
        for (var look = 0; look <= IntakePace.LooksUntilCalm; look++)
            built.Add(await LookAsync());

        built.ShouldBe([.. Enumerable.Repeat(0, IntakePace.LooksUntilCalm), 1]);
        (await PlanAsync(new ExposureFilter(Unit: "user-7"))).ShouldContain("exposures_20261127_1_x0");

        await _ledger.TakenAsync(Exposures.Array(Exposures.Many(20_000, 1_500)));
        (await LookAsync()).ShouldBe(1);
        (await LookAsync()).ShouldBe(0);
        (await _ledger.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname LIKE 'exposures%_x0'")).ShouldBe(0);
    }

    private async Task<int> LookAsync()
    {
        var indexes = 0;
        foreach (var indexer in _ledger.Services.GetServices<IHostedService>().OfType<SliceIndexer>())
            indexes += await indexer.LookAsync(TestContext.Current.CancellationToken);
        return indexes;
    }

    private Task<string> SlicesAsync() => _ledger.ScalarAsync<string>("""
        SELECT string_agg(slice, ', ' ORDER BY slice) FROM (
            SELECT relname || ' ' || min(position) || '-' || max(position) AS slice
            FROM exposures.exposures e JOIN pg_class c ON c.oid = e.tableoid GROUP BY relname) AS slices
        """);

    /// <summary>The plan of the very statement that answers the question.</summary>
    private async Task<string> PlanAsync(ExposureFilter filter)
    {
        await using var command = _ledger.Database.CreateCommand();
        command.CommandText = ListExposures.ByUnit + "EXPLAIN " + ListExposures.Question(filter, 0, 101, command);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await reader.NextResultAsync(TestContext.Current.CancellationToken);
        var plan = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            plan.Add(reader.GetString(0));
        return string.Join('\n', plan);
    }
}
