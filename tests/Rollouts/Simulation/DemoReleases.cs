using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts.Tests.Simulation;

/// <summary>The demo's three releases, twenty times each, all within its five minutes.</summary>
public sealed class DemoReleases(ITestOutputHelper output)
{
    private const int Repetitions = 20;
    private const int FiveMinutes = 300;
    private static readonly Behaviour Usual = new(FailureRate: 0.002);

    private static readonly Plan Demo = Plans.Of(
        Plans.Stage(5, seconds: 40), Plans.Stage(25, seconds: 40), Plans.Stage(50, seconds: 40), Plans.Stage(100, seconds: 30)) with
    {
        Guardrails = [new Guardrail(new GuardrailMetric.Latency(95), MarginPercent: 50, null, null, 0.01)],
    };

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(1, Repetitions)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void the_healthy_release_reaches_everyone(int seed)
    {
        var run = new Run(Demo, new Shop(seed, Usual with { Speed = 0.9 }, Usual), FiveMinutes);
        output.WriteLine($"{run.Rollout.Status} after {run.Seconds} s, most evidence e^{run.MostEvidence:0.0}");
        run.Rollout.Status.ShouldBe(RolloutStatus.Completed);
        run.Rollout.Present!.ExposurePpm.ShouldBe(Stage.Everyone);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void the_bad_release_is_killed_by_the_breaker_at_5_percent_within_30_seconds(int seed)
    {
        var run = new Run(Demo, new Shop(seed, Usual with { FailureRate = 0.2 }, Usual), FiveMinutes);
        output.WriteLine($"{run.Seconds} s: {run.Rollout.Abort?.Reason}");
        run.Rollout.Abort.ShouldNotBeNull().Cause.ShouldBe(AbortCause.Breaker);
        run.Rollout.Stage.ShouldBe(0);
        run.Seconds.ShouldBeLessThanOrEqualTo(30);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void the_slow_release_is_stopped_by_its_latency_guardrail(int seed)
    {
        var run = new Run(Demo, new Shop(seed, Usual with { SlowRate = 0.3, SlowMilliseconds = 300 }, Usual), FiveMinutes);
        output.WriteLine($"stage {run.Rollout.Present!.Name}, {run.Seconds} s: {run.Rollout.Abort?.Reason}");
        run.Rollout.Abort.ShouldNotBeNull().Cause.ShouldBe(AbortCause.Guardrail);
        run.Rollout.Abort.Evidence.ShouldNotBeNull().Metric.ShouldBe("latency-p95");
        run.Rollout.Stage.ShouldBeLessThan(3);
    }
}
