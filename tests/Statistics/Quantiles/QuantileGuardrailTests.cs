namespace Delivery.Statistics.Tests;

public sealed class QuantileGuardrailTests(ITestOutputHelper output)
{
    private static readonly QuantileGuardrailDesign Median = new(0.5, new Margin.Absolute(0));
    private static readonly QuantileGuardrailDesign P95 = new(0.95, new Margin.Relative(0.05), PlannedObservations: 5000);

    [Fact]
    public void without_observations_there_is_no_data()
    {
        QuantileGuardrail.Judge(new LogHistogram(), Constant(5, 10), Median).ShouldBe(new GuardrailVerdict.NoData(NoEstimateReason.NoData));
        QuantileBand.Read(new LogHistogram(), Median).ShouldBe(new QuantileReading.NoEstimate(NoEstimateReason.NoData));
        QuantileBand.Read(Constant(5, 10), Median with { Probability = 1 }).ShouldBe(new QuantileReading.NoEstimate(NoEstimateReason.InvalidDesign));
    }

    [Fact]
    public void a_handful_of_observations_is_undecided_and_says_so_with_open_bounds()
    {
        var verdict = QuantileGuardrail.Judge(Constant(100, 2), Constant(900, 2), Median).ShouldBeOfType<GuardrailVerdict.Undecided>();
        verdict.Evidence.Harm.ShouldBe(new Interval(null, null));
    }

    [Fact]
    public void a_clear_slowdown_is_worse_and_its_mirror_image_is_not()
    {
        var fast = Constant(100, 500);
        var slow = Constant(150, 500);
        var design = Median with { Margin = new Margin.Absolute(10) };
        var worse = QuantileGuardrail.Judge(fast, slow, design).ShouldBeOfType<GuardrailVerdict.Worse>();
        worse.Evidence.Harm.Lower.ShouldNotBeNull().ShouldBe(50, 3);
        worse.Evidence.Harm.Upper.ShouldNotBeNull().ShouldBe(50, 3);
        worse.Evidence.Harm.Contains(50).ShouldBeTrue();
        QuantileGuardrail.Judge(slow, fast, design).ShouldBeOfType<GuardrailVerdict.NotWorse>().Evidence.Harm.Contains(-50).ShouldBeTrue();
        var relative = QuantileGuardrail.Judge(fast, slow, Median with { Margin = new Margin.Relative(0.6) });
        relative.ShouldBeOfType<GuardrailVerdict.NotWorse>().Evidence.Harm.Contains(0.5).ShouldBeTrue();
    }

    [Fact]
    public void zero_and_huge_latencies_are_handled()
    {
        var zero = Constant(0, 300);
        QuantileGuardrail.Judge(zero, zero, Median).ShouldBeOfType<GuardrailVerdict.NotWorse>();
        QuantileGuardrail.Judge(zero, Constant(9e12, 300), Median).ShouldBeOfType<GuardrailVerdict.Worse>();
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.95)]
    [InlineData(0.99)]
    public void the_band_holds_the_quantile_at_all_looks_at_once(double probability)
    {
        var design = Median with { Probability = probability, PlannedObservations = 2000 };
        var truth = Math.Exp(Normal.Quantile(probability));
        var runs = Simulation.Runs / 20;
        var missed = Simulation.Share(runs, 21, random =>
        {
            var histogram = new LogHistogram();
            for (var look = 1; look <= 140; look++)
            {
                for (var i = 0; i < 30; i++) histogram.Add((long)(1e6 * Math.Exp(random.Normal())));
                var reading = (QuantileReading.Estimate)QuantileBand.Read(histogram, design);
                if (!reading.Interval.Contains(truth)) return true;
            }

            return false;
        });
        output.WriteLine($"p{100 * probability}: ever missed {missed:P2}");
        missed.ShouldBeLessThanOrEqualTo(0.05 + Simulation.ThreeStandardErrors(0.05, runs));
    }

    [Fact]
    public void equal_arms_are_called_worse_in_at_most_alpha_of_rollouts()
    {
        var runs = Simulation.Runs / 40;
        var wrong = Simulation.Share(runs, 22, random => FirstVerdict<GuardrailVerdict.Worse>(random, 1, P95 with { Margin = new Margin.Relative(0) }) is not null);
        output.WriteLine($"A/A p95 called worse {wrong:P2}");
        wrong.ShouldBeLessThanOrEqualTo(0.05 + Simulation.ThreeStandardErrors(0.05, runs));
    }

    [Fact]
    public void a_slow_canary_is_found_and_an_equal_one_is_cleared()
    {
        var found = Simulation.Values(60, 23, random => FirstVerdict<GuardrailVerdict.Worse>(random, 1.5, P95) ?? double.PositiveInfinity);
        Array.Sort(found);
        output.WriteLine($"p95 +50 %: worse after median {found[30]} canary observations");
        found[30].ShouldBeLessThan(1000);
        var design = P95 with { Margin = new Margin.Relative(0.2) };
        var cleared = Simulation.Values(60, 24, random => FirstVerdict<GuardrailVerdict.NotWorse>(random, 1, design) ?? double.PositiveInfinity);
        Array.Sort(cleared);
        output.WriteLine($"p95 equal, margin 20 %: not worse after median {cleared[30]} canary observations");
        cleared[30].ShouldBeLessThan(3000);
    }

    /// <summary>Canary observations until the verdict; lognormal latency, canary 20 %, a look every 50 canary observations.</summary>
    private static double? FirstVerdict<T>(Prng random, double slowdown, QuantileGuardrailDesign design)
        where T : GuardrailVerdict
    {
        var stable = new LogHistogram();
        var canary = new LogHistogram();
        for (var look = 1; look <= 40; look++)
        {
            for (var i = 0; i < 200; i++) stable.Add((long)(1e8 * Math.Exp(0.6 * random.Normal())));
            for (var i = 0; i < 50; i++) canary.Add((long)(slowdown * 1e8 * Math.Exp(0.6 * random.Normal())));
            if (QuantileGuardrail.Judge(stable, canary, design) is T) return canary.Count;
        }

        return null;
    }

    private static LogHistogram Constant(double milliseconds, long count)
    {
        var histogram = new LogHistogram();
        histogram.Add((long)(milliseconds * FixedPoint.Scale), count).ShouldBeTrue();
        return histogram;
    }
}
