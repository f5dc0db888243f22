using Delivery.Contracts.Exposures;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Exposures.Tests;

/// <summary>What the console asks of the ledger.</summary>
public sealed class AudienceTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task who_met_a_flag_is_grouped_by_what_and_why_and_repeats_count_once()
    {
        var time = TimeProvider.System.GetUtcNow();
        await _ledger.TakenAsync(Exposures.Array(
        [
            .. Enumerable.Range(0, 30).Select(n => Exposures.Make(900_000 + n, "seen", n % 3 == 0 ? "on" : "off", $"u{n % 10}", time)),
            Exposures.Make(900_000, "seen", "on", "u0", time),
            Exposures.Make(900_100, "other", "on", "u99", time),
        ]));

        var audience = await AskAsync(new GetAudience("seen", "production", time.AddHours(-1)));

        audience.Units.ShouldBe(10);
        audience.Groups.Select(g => (g.Variant, g.Exposures, g.Units)).ShouldBe([("off", 20, 10), ("on", 10, 10)]);
        audience.Groups.Sum(g => g.Exposures).ShouldBe(30);
        var elsewhere = await AskAsync(new GetAudience("seen", "staging", time.AddHours(-1)));
        (elsewhere.Units, elsewhere.Groups.Count).ShouldBe((0, 0));
        (await AskAsync(new GetAudience("seen", "production", time.AddHours(1)))).Units.ShouldBe(0);
    }

    [Fact]
    public async Task what_a_unit_met_comes_newest_first()
    {
        var time = TimeProvider.System.GetUtcNow();
        await _ledger.TakenAsync(Exposures.Array(Enumerable.Range(0, 5).Select(n => Exposures.Make(910_000 + n, $"flag{n}", "on", "ann", time))));
        await _ledger.TakenAsync(Exposures.Array([Exposures.Make(910_000, "flag0", "on", "ann", time)]));

        var met = await AskAsync(new GetUnitExposures("ann", 3));

        met.Select(exposure => exposure.Flag).ShouldBe(["flag4", "flag3", "flag2"]);
        (await AskAsync(new GetUnitExposures("ann", 100))).Count.ShouldBe(5);
        (await AskAsync(new GetUnitExposures("nobody", 3))).ShouldBeEmpty();
    }

    private async Task<T> AskAsync<T>(IQuery<T> query)
    {
        await using var scope = _ledger.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send(query, TestContext.Current.CancellationToken);
    }
}
