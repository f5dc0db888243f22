using Delivery.Contracts.Exposures;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Delivery.Exposures.Tests;

/// <summary>What many rows share is stored once; the seals cover it all the same.</summary>
public sealed class SharedValuesTests(PostgresFixture postgres)
{
    private const string AsBeforeRowsSharedAnything = """
        ALTER TABLE exposures.exposures ADD environment text, ADD flag text, ADD variant text, ADD unit_kind text, ADD reason text, ADD rule_id text,
            ADD flag_version bigint, ADD timing smallint, ADD sequence bigint, ADD source text;
        UPDATE exposures.exposures e SET environment = s.environment, flag = s.flag, variant = s.variant, unit_kind = s.unit_kind, reason = s.reason,
            rule_id = s.rule_id, flag_version = s.flag_version, timing = s.timing, sequence = o.sequence, source = o.source
        FROM exposures.exposures_shared s, exposures.exposures_origin o WHERE s.shared = e.shared AND o.origin = e.origin;
        DROP VIEW exposures.recorded_exposures;
        ALTER TABLE exposures.exposures DROP COLUMN shared, DROP COLUMN origin;
        DROP TABLE exposures.exposures_shared, exposures.exposures_origin;
        UPDATE exposures.exposures_segments SET shared = NULL, shared_rows = NULL;
        UPDATE exposures.flag_usage_head SET position = 5; DELETE FROM exposures.flag_usage
        """;

    private const string AsBeforeRowsSharedTheirOrigin = """
        ALTER TABLE exposures.exposures ADD sequence bigint, ADD source text;
        UPDATE exposures.exposures e SET sequence = o.sequence, source = o.source FROM exposures.exposures_origin o WHERE o.origin = e.origin;
        DROP VIEW exposures.recorded_exposures;
        CREATE VIEW exposures.recorded_exposures AS
        SELECT r.position, r.received_at, r.id, s.environment, s.flag, s.variant, r.unit, s.unit_kind, r.unit_hash, s.reason, s.rule_id, s.flag_version,
               r.sequence, r.attributes, r.time, s.timing, r.source
        FROM exposures.exposures AS r JOIN exposures.exposures_shared AS s ON s.shared = r.shared;
        ALTER TABLE exposures.exposures DROP COLUMN origin;
        DROP TABLE exposures.exposures_origin;
        ALTER TABLE exposures.exposures_segments DROP COLUMN shared, DROP COLUMN shared_rows;
        UPDATE exposures.flag_usage_head SET position = 5; DELETE FROM exposures.flag_usage
        """;

    [Theory]
    [InlineData(AsBeforeRowsSharedAnything)]
    [InlineData(AsBeforeRowsSharedTheirOrigin)]
    public async Task a_ledger_of_an_earlier_version_is_taken_over_and_still_verifies(string asBefore)
    {
        var database = await postgres.CreateDatabaseAsync("exposures");
        string before;
        await using (var ledger = Ledger.On(database))
        {
            await ledger.TakenAsync(Mixed(0));
            await ledger.TakenAsync(Mixed(100));
            before = await AnswersAsync(ledger);
        }

        await using (var old = NpgsqlDataSource.Create(database))
        await using (var command = old.CreateCommand(asBefore))
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        await using var taken = Ledger.On(database);

        (await VerifiedAsync(taken)).ShouldBe((true, 40));
        (await AnswersAsync(taken)).ShouldBe(before);
        await taken.TakenAsync(Mixed(200));
        (await VerifiedAsync(taken)).ShouldBe((true, 60));
        (await taken.ReadAsync(0, 60)).Count(exposure => exposure.RuleId is null).ShouldBe(15);
        var usage = await taken.Services.GetRequiredService<IMediator>().Send(new GetFlagUsage(new DateOnly(2026, 1, 1)), TestContext.Current.CancellationToken);
        usage.Select(one => (one.Variant, one.Exposures)).ShouldBe([("off", 28), ("on", 27)], "what came after the fifth exposure, whichever way it is told");
    }

    [Fact]
    public async Task each_combination_is_stored_once_whoever_meets_it()
    {
        var database = await postgres.CreateDatabaseAsync("exposures");
        await using (var ledger = Ledger.On(database))
            await ledger.TakenAsync(Mixed(0));
        await using var other = Ledger.On(database);
        await other.TakenAsync(Mixed(100));
        await other.TakenAsync(Mixed(200));

        (await other.ScalarAsync<long>("SELECT count(*) FROM exposures.exposures_shared")).ShouldBe(4);
        (await VerifiedAsync(other)).ShouldBe((true, 60));
    }

    [Fact]
    public async Task values_that_only_one_exposure_has_are_kept_as_well()
    {
        await using var ledger = await Ledger.StartAsync(postgres);
        await ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 500).Select(n => Exposures.Make(n, $"flag-{n}").With("ruleId", null).With("flagVersion", n))));

        (await ledger.ReadAsync(0, 500)).Select(exposure => (exposure.Flag, exposure.FlagVersion)).ShouldBe(Enumerable.Range(0, 500).Select(n => ($"flag-{n}", (long)n)));
        (await VerifiedAsync(ledger)).ShouldBe((true, 500));
    }

    /// <summary>Twenty exposures of two variants, a quarter of each combination.</summary>
    private static string Mixed(int from) => Exposures.Array(Enumerable.Range(from, 20).Select(n =>
        Exposures.Make(n, variant: n % 2 == 0 ? "on" : "off", time: new DateTimeOffset(2026, 11, 1, 12, 0, n % 60, TimeSpan.Zero)).With("ruleId", n % 4 < 2 ? "rule-1" : n % 4 == 2 ? null : "rule-2")));

    private static async Task<string> AnswersAsync(Ledger ledger) =>
        (await ledger.GetAsync("/api/v1/exposures?limit=100")).ToString() + await ledger.GetAsync("/api/v1/exposures/counts?by=variant,rule,timing");

    private static async Task<(bool, long)> VerifiedAsync(Ledger ledger)
    {
        var verified = await ledger.GetAsync("/api/v1/ledger/verify");
        return (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("rows").GetInt64());
    }
}
