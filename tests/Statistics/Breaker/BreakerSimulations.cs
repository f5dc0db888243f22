namespace Delivery.Statistics.Tests;

/// <summary>Acceptance 8: 100 requests a second, 10 % canary, base error rate 1 %, 180 s, a look each second.</summary>
public sealed class BreakerSimulations(ITestOutputHelper output)
{
    private static readonly BreakerDesign Design = new();
    private readonly int runs = Simulation.Nightly ? 40_000 : 4_000;

    [Theory]
    [InlineData(1)]
    [InlineData(1.5)]
    public void a_healthy_canary_is_aborted_in_at_most_one_rollout_in_a_thousand(double harmRatio)
    {
        var aborted = Simulation.Share(runs, 8, random => SecondsToAbort(random, 1, harmRatio) is not null);
        output.WriteLine($"healthy aborted {aborted:P3}");
        aborted.ShouldBeLessThanOrEqualTo(0.001);
    }

    [Fact]
    public void at_the_tolerated_ratio_itself_the_bound_still_holds()
    {
        var aborted = Simulation.Share(runs, 81, random => SecondsToAbort(random, 1.5, 1.5) is not null);
        output.WriteLine($"1.5x aborted {aborted:P3}");
        aborted.ShouldBeLessThanOrEqualTo(0.001 + Simulation.ThreeStandardErrors(0.001, runs));
    }

    [Theory]
    [InlineData(20, 1, 4)]
    [InlineData(20, 1.5, 5)]
    [InlineData(5, 1.5, 60)]
    public void harm_is_stopped_in_seconds(double ratio, double harmRatio, int medianSeconds)
    {
        var seconds = Simulation.Values(runs, 82, random => SecondsToAbort(random, ratio, harmRatio) ?? double.PositiveInfinity);
        Array.Sort(seconds);
        output.WriteLine($"{ratio}x at r0 = {harmRatio}: median {seconds[runs / 2]} s, 95 % within {seconds[runs * 95 / 100]} s");
        seconds[runs / 2].ShouldBeLessThanOrEqualTo(medianSeconds);
    }

    [Fact]
    public void a_ramp_in_four_stages_keeps_the_bound()
    {
        double[] shares = [0.01, 0.05, 0.25, 0.5];
        var aborted = Simulation.Share(runs, 83, random =>
        {
            var logE = 0.0;
            foreach (var share in shares)
            {
                int canary = 0, stable = 0;
                var stage = 0.0;
                for (var second = 0; second < 60; second++)
                {
                    canary += random.Poisson(share);
                    stable += random.Poisson(1 - share);
                    stage = CountEProcessTests.LogE(new StageErrors(canary, stable, share), Design);
                    if (logE + stage >= Design.LogThreshold) return true;
                }

                logE += stage;
            }

            return false;
        });
        aborted.ShouldBeLessThanOrEqualTo(0.001 + Simulation.ThreeStandardErrors(0.001, runs));
    }

    private static int? SecondsToAbort(Prng random, double ratio, double harmRatio)
    {
        var design = BreakerDesign.Early with { HarmRatio = harmRatio };
        int canary = 0, stable = 0;
        for (var second = 1; second <= 180; second++)
        {
            canary += random.Binomial(10, 0.01 * ratio);
            stable += random.Binomial(90, 0.01);
            if (CountEProcess.Decide([new StageErrors(canary, stable, 0.1)], design) is BreakerVerdict.Abort) return second;
        }

        return null;
    }
}
