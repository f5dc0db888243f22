namespace Delivery.Rollouts.Tests.Simulation;

/// <summary>
/// Acceptance 8 through the rollout's own decisions: 100 requests a second of as many users, canary 10 %, base failure rate 1 %, 180 s,
/// a look each second, 4,000 runs.
/// </summary>
public sealed class Acceptance8(ITestOutputHelper output)
{
    private const int Runs = 4_000;
    private const int Seconds = 180;
    private static readonly Plan OneStage = Plans.Of(Plans.Stage(10, seconds: 1_000), Plans.Stage(100));

    [Fact]
    public void a_healthy_release_is_aborted_in_at_most_one_rollout_in_a_thousand()
    {
        var aborted = Times(ratio: 1, seed: 8).Count(t => t is not null);
        output.WriteLine($"healthy aborted {aborted} of {Runs}");
        (aborted / (double)Runs).ShouldBeLessThanOrEqualTo(0.001);
    }

    [Fact]
    public void twenty_times_the_failures_are_stopped_within_4_seconds_by_half()
    {
        var times = Times(ratio: 20, seed: 82).Select(t => t ?? int.MaxValue).Order().ToArray();
        output.WriteLine($"20x: median {times[Runs / 2]} s, 95 % within {times[Runs * 95 / 100]} s");
        times[Runs / 2].ShouldBeLessThanOrEqualTo(4);
    }

    private static int?[] Times(double ratio, int seed)
    {
        var times = new int?[Runs];
        Parallel.For(0, Runs, run => times[run] = SecondsToAbort(new Random(unchecked(seed * 1_000_003 + run)), ratio));
        return times;
    }

    private static int? SecondsToAbort(Random random, double ratio)
    {
        var rollout = History.Started(OneStage).Rollout;
        long canaries = 0, canaryFailures = 0, others = 0, otherFailures = 0;
        for (var second = 1; second <= Seconds; second++)
        {
            for (var request = 0; request < 100; request++)
            {
                if (random.NextDouble() < 0.1)
                {
                    canaries++;
                    canaryFailures += random.NextDouble() < 0.01 * ratio ? 1 : 0;
                }
                else
                {
                    others++;
                    otherFailures += random.NextDouble() < 0.01 ? 1 : 0;
                }
            }

            var now = History.Start.AddSeconds(second);
            var health = new Delivery.Contracts.Metrics.ReleaseHealth(
                [Counts.Epoch(2, Counts.Arm(canaries, canaryFailures), Counts.Arm(others, otherFailures))], now, now, null, now);
            if (Conducting.Decide(rollout, new Sight.Seen(Assessment.Of(rollout, health, now), History.Start), now).Event is RolloutAborted)
                return second;
        }

        return null;
    }
}
