using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Exposures.Verifying;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Exposures.Tests.Verifying;

public sealed class TrafficTests(SharedLedger shared, PostgresFixture postgres) : IClassFixture<SharedLedger>
{
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task a_ramp_is_tested_by_epoch_against_the_exposure_it_had_then_and_without_its_ring()
    {
        await Evaluated.FlagAsync(_ledger, "ramped");
        await OpenAsync("ramped", 200_000);
        await SendAsync("ramped", 200_000, Enumerable.Range(0, 2_000));
        await OpenAsync("ramped", 500_000);
        await SendAsync("ramped", 210_000, Enumerable.Range(1_000, 2_000));

        var traffic = await _ledger.GetAsync("/api/v1/flags/ramped/traffic?environment=production");

        var epochs = traffic.GetProperty("epochs").EnumerateArray().ToList();
        epochs.Select(e => e.GetProperty("splits").GetArrayLength()).ShouldBe([0, 1, 1]);
        epochs.Select(e => e.GetProperty("units").GetInt64()).ShouldBe([0, 2_000, 2_000]);
        var splits = epochs.Skip(1).Select(e => e.GetProperty("splits")[0]).ToList();
        splits.Select(s => s.GetProperty("intendedExposurePercent").GetDouble()).ShouldBe([20, 50]);
        splits[0].GetProperty("recordedExposurePercent").GetDouble().ShouldBe(20, tolerance: 4);
        splits[1].GetProperty("recordedExposurePercent").GetDouble().ShouldBe(50, tolerance: 5);
        splits.ShouldAllBe(s => s.GetProperty("level").GetString() == "passed");
        // A tenth is German: the ring's, whatever the percentage.
        Units(splits[0]).ShouldBe(1_800);
        splits[0].GetProperty("arms")[0].GetProperty("expectedUnits").GetDouble().ShouldBe(360, tolerance: 1e-6);
        var overall = traffic.GetProperty("overall");
        overall.GetProperty("level").GetString().ShouldBe("passed");
        // Each unit once: 1,800 first met it at 20 %, 900 at 50 %.
        overall.GetProperty("units").GetInt64().ShouldBe(2_700);
        overall.GetProperty("arms")[0].GetProperty("expectedUnits").GetDouble().ShouldBe(360 + 450, tolerance: 1e-6);
    }

    [Fact]
    public async Task lost_units_of_one_variant_block_and_the_owner_gets_one_alert()
    {
        await Evaluated.FlagAsync(_ledger, "lossy", owner: "payments");
        await Evaluated.ConfigureAsync(_ledger, "lossy", 5_000);
        await SendAsync("lossy", 220_000, Enumerable.Range(0, 3_000), lossy: true);
        var watch = _ledger.Services.GetRequiredService<TrafficWatch>();

        await watch.LookAsync(TestContext.Current.CancellationToken);

        var traffic = await _ledger.GetAsync("/api/v1/flags/lossy/traffic?environment=production");
        traffic.GetProperty("overall").GetProperty("level").GetString().ShouldBe("blocked");
        var split = traffic.GetProperty("epochs").EnumerateArray().Last().GetProperty("splits")[0];
        split.GetProperty("rule").GetString().ShouldBe("half");
        split.GetProperty("chiSquare").GetProperty("p").GetDouble().ShouldBeLessThan(0.001);
        split.GetProperty("p").GetDouble().ShouldBeLessThan(0.001);
        var alert = await _ledger.AlertAsync("traffic-mismatch", "flag/lossy");
        alert.GetProperty("team").GetString().ShouldBe("payments");
        alert.GetProperty("severity").GetString().ShouldBe("critical");
        alert.GetProperty("detail").GetString()!.ShouldContain("Sequential p");
    }

    [Fact]
    public async Task a_flag_that_much_fewer_units_meet_than_a_day_ago_is_told_to_its_owner()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
        await using var ledger = await Ledger.StartAsync(postgres, time: time);
        await Evaluated.FlagAsync(ledger, "faded", owner: "payments");
        await Evaluated.ConfigureAsync(ledger, "faded", 5_000);
        await SendAsync(ledger, "faded", 0, Enumerable.Range(0, 1));
        time.Advance(TimeSpan.FromMinutes(60));
        await SendAsync(ledger, "faded", 1_000, Enumerable.Range(0, 400));
        (await ForecastAsync()).TryGetProperty("level", out _).ShouldBeFalse("it was not met for long enough");
        time.Advance(TimeSpan.FromHours(24));
        await SendAsync(ledger, "faded", 2_000, Enumerable.Range(0, 4));
        time.Advance(TimeSpan.FromMinutes(10));

        await ledger.Services.GetRequiredService<TrafficWatch>().LookAsync(TestContext.Current.CancellationToken);

        var forecast = await ForecastAsync();
        forecast.GetProperty("level").GetString().ShouldBe("fallen");
        forecast.GetProperty("now").GetProperty("units").GetInt64().ShouldBe(4);
        forecast.GetProperty("forecastUnits").GetDouble().ShouldBe(400);
        forecast.GetProperty("comparedWith").GetArrayLength().ShouldBe(1);
        var alert = await ledger.AlertAsync("traffic-fallen", "flag/faded");
        alert.GetProperty("team").GetString().ShouldBe("payments");
        alert.GetProperty("detail").GetString()!.ShouldStartWith("4 units from 2026-11-24 08:10 to 09:10 UTC; 400 from 2026-11-23 08:10.");

        async Task<JsonElement> ForecastAsync() => (await ledger.GetAsync("/api/v1/flags/faded/traffic?environment=production")).GetProperty("forecast");
    }

    [Fact]
    public async Task without_units_there_is_no_verdict()
    {
        await Evaluated.FlagAsync(_ledger, "unmet");
        await Evaluated.ConfigureAsync(_ledger, "unmet", 5_000);

        var traffic = await _ledger.GetAsync("/api/v1/flags/unmet/traffic?environment=production");

        traffic.GetProperty("overall").TryGetProperty("level", out _).ShouldBeFalse();
        traffic.GetProperty("epochs").EnumerateArray().Last().GetProperty("splits")[0].GetProperty("notTested").GetString().ShouldBe("no-units");
    }

    [Fact]
    public void an_epoch_lasts_while_weights_and_exposure_stay_as_they_are()
    {
        var epochs = Allocation.Epochs([Revision(1, 100_000), Revision(3, 100_000), Revision(4, 200_000), Revision(9, 0), Revision(10, 0)]);

        epochs.Select(e => (e.FirstVersion, e.LastVersion)).ShouldBe([(1, 3), (4, 4), (9, 10)]);
        epochs[1].Splits.ShouldHaveSingleItem().Arms.Select(a => (a.Variant, Math.Round(a.Share, 9))).ShouldBe([("on", 0.15), ("off", 0.05), (null, 0.8)]);
        epochs[2].Splits.ShouldHaveSingleItem().Arms.ShouldHaveSingleItem().Share.ShouldBe(1);
        epochs[0].To.ShouldBe(epochs[1].From);
        epochs[2].To.ShouldBeNull();
    }

    [Theory]
    [InlineData("/api/v1/flags/unknown-flag/traffic?environment=production", 404, "flag-not-found")]
    [InlineData("/api/v1/flags/unknown-flag/traffic?environment=nowhere", 404, "environment-not-found")]
    [InlineData("/api/v1/flags/unknown-flag/traffic?colour=red", 400, "invalid")]
    public async Task a_bad_question_gets_a_problem(string path, int status, string code)
    {
        var response = await _ledger.Http.GetAsync(path, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(status);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        problem.GetProperty("code").GetString().ShouldBe(code);
    }

    private static FlagRevision Revision(long version, int exposurePpm) => new(DateTimeOffset.UnixEpoch.AddHours(version), new FlagDefinition
    {
        Key = "f",
        Enabled = true,
        OffVariant = "off",
        Version = version,
        Rules = [new Rule { Id = "r", Serve = new Serve.Split(new Split(exposurePpm) { Weights = [new("on", 3), new("off", 1)] }) }],
    });

    private async Task OpenAsync(string flag, int exposurePpm)
    {
        await using var scope = _ledger.Services.CreateAsyncScope();
        var german = new Condition.Attribute { Name = "country", Operator = ConditionOperator.Equals, Values = [JsonSerializer.SerializeToElement("DE")] };
        var outcome = await scope.ServiceProvider.GetRequiredService<ISender>().Send(
            new OpenRelease(Audit.Platform("test", "test"), flag, "production", "ramp", "on", "targetingKey", german, exposurePpm), TestContext.Current.CancellationToken);
        outcome.ShouldBeOfType<Outcome.Done>();
    }

    /// <summary>Units meet the flag; of the lossy ones a third of those with "on" is lost on the way.</summary>
    private Task SendAsync(string flag, int from, IEnumerable<int> units, bool lossy = false) => SendAsync(_ledger, flag, from, units, lossy);

    private static async Task SendAsync(Ledger ledger, string flag, int from, IEnumerable<int> units, bool lossy = false)
    {
        var snapshot = await Evaluated.SnapshotAsync(ledger);
        await ledger.TakenAsync(Exposures.Array(units
            .Select(n => (Number: n, Exposure: Evaluated.Exposure(snapshot, from + n, flag, $"u{n}", new JsonObject { ["country"] = n % 10 == 0 ? "DE" : "FR" })))
            .Where(e => !lossy || e.Number % 3 != 0 || e.Exposure["variant"]!.GetValue<string>() == "off")
            .Select(e => e.Exposure)));
    }

    private static long Units(JsonElement split) => split.GetProperty("arms").EnumerateArray().Sum(arm => arm.GetProperty("recordedUnits").GetInt64());
}
