using System.Net;
using Delivery.Contracts.Metrics;
using static Delivery.Rollouts.Tests.Counts;

namespace Delivery.Rollouts.Tests.Http;

/// <summary>Rollouts over HTTP on a real PostgreSQL.</summary>
public sealed class RolloutScenarios(RolloutServer server) : IClassFixture<RolloutServer>
{
    [Fact]
    public async Task a_healthy_release_goes_stage_by_stage_to_everyone()
    {
        var flag = await server.StartedAsync("healthy");
        flag.ExposurePpm("healthy").ShouldBe(50_000);
        var epochs = new List<EpochHealth>();
        server.Measure("healthy", () => epochs);

        foreach (var (stage, percent) in new[] { ("50 %", 50.0), ("100 %", 100.0) })
        {
            epochs.Add(Epoch(flag.Version, Arm(500, 5), Arm(5_000, 50)));
            await server.LookAsync();
            (await server.GetAsync("/api/v1/rollouts/healthy")).GetProperty("stage").GetString().ShouldNotBe(stage, "minimumSeconds have not passed");
            server.Time.Advance(TimeSpan.FromSeconds(10));
            await server.LookAsync();
            await server.LookAsync();
            var release = await server.GetAsync("/api/v1/rollouts/healthy");
            release.GetProperty("stage").GetString().ShouldBe(stage);
            release.GetProperty("exposurePercent").GetDouble().ShouldBe(percent);
        }

        epochs.Add(Epoch(flag.Version, Arm(500, 5), ArmHealth.Empty));
        server.Time.Advance(TimeSpan.FromSeconds(10));
        await server.LookAsync();
        var completed = await server.GetAsync("/api/v1/rollouts/healthy");
        completed.GetProperty("status").GetString().ShouldBe("completed");
        completed.GetProperty("exposurePercent").GetDouble().ShouldBe(100);
        flag.ExposurePpm("healthy").ShouldBe(1_000_000);
    }

    [Fact]
    public async Task a_release_that_is_counted_on_a_share_of_its_units_says_so()
    {
        var flag = await server.StartedAsync("sampled");
        server.Measure("sampled", () => [Epoch(flag.Version, Arm(50, 0), Arm(900, 9))], unitShare: 0.25);
        await server.LookAsync();

        (await server.GetAsync("/api/v1/rollouts/sampled")).GetProperty("reason").GetString()!
            .ShouldEndWith("; counted on one in 4 units, since memory does not do for more.");
    }

    [Fact]
    public async Task a_bad_release_is_stopped_by_the_breaker_with_its_evidence()
    {
        var flag = await server.StartedAsync("bad");
        server.Measure("bad", () => [Epoch(flag.Version, Arm(152, 9), Arm(2_871, 3))], server.Time.GetUtcNow());
        server.Time.Advance(TimeSpan.FromSeconds(3.4));
        await server.LookAsync();
        await server.LookAsync();

        var release = await server.GetAsync("/api/v1/rollouts/bad");
        release.GetProperty("status").GetString().ShouldBe("aborted");
        release.GetProperty("exposurePercent").GetDouble().ShouldBe(0);
        release.GetProperty("abort").GetProperty("cause").GetString().ShouldBe("breaker");
        release.GetProperty("reason").GetString()!.ShouldStartWith("Breaker: 9 of 152 exposed units failed against 3 of 2,871; e-value ");
        release.GetProperty("reason").GetString()!.ShouldEndWith("≥ 1,000, 3.4 s after the first failure.");
        flag.ExposurePpm("bad").ShouldBeNull();

        (await server.PostAsync("/api/v1/rollouts/bad/start")).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await server.PostAsync("/api/v1/rollouts/bad/resume")).StatusCode.ShouldBe(HttpStatusCode.Conflict);
    }
}
