namespace Delivery.Statistics.Tests;

public sealed class AsymptoticConfidenceSequenceTests(ITestOutputHelper output)
{
    [Fact]
    public void half_width_of_the_published_example() =>
        AsymptoticConfidenceSequence.HalfWidth(0.1, 100, 0.05, 100).ShouldBe(0.3035208990376253, 1e-15);

    [Fact]
    public void p_is_alpha_where_the_interval_touches_zero()
    {
        var half = AsymptoticConfidenceSequence.HalfWidth(0.2, 700, 0.01, 5000);
        AsymptoticConfidenceSequence.P(half, 0.2, 700, 0.01, 5000).ShouldBe(0.01, 1e-12);
        var one = AsymptoticConfidenceSequence.OneSidedWidth(0.2, 700, 0.01, 5000);
        AsymptoticConfidenceSequence.PGreater(one, 0.2, 700, 0.01, 5000).ShouldBe(0.01, 1e-12);
        AsymptoticConfidenceSequence.PGreater(-one, 0.2, 700, 0.01, 5000).ShouldBe(1);
    }

    /// <summary>Acceptance 2: normal and Bernoulli data after the burn-in, looks spread evenly over the run.</summary>
    [Theory]
    [InlineData(14, 400, 0)]
    [InlineData(280, 20, 0)]
    [InlineData(2016, 4, 0)]
    [InlineData(14, 2000, 0.05)]
    [InlineData(280, 100, 0.05)]
    [InlineData(2016, 14, 0.05)]
    [InlineData(280, 1000, 0.002)]
    public void however_often_one_looks_a_true_null_is_rejected_in_at_most_alpha(int looks, int unitsPerArmAndLook, double rate)
    {
        var runs = Simulation.Runs;
        const double alpha = 0.05;
        var design = new GuardrailDesign(HarmDirection.HigherIsWorse, new Margin.Absolute(0), alpha, looks * unitsPerArmAndLook);
        int twoSided = 0, worse = 0;
        Parallel.For(0, runs, run =>
        {
            var (two, one) = EverRejected(new Prng(2, (ulong)run), looks, unitsPerArmAndLook, rate, design);
            if (two) Interlocked.Increment(ref twoSided);
            if (one) Interlocked.Increment(ref worse);
        });
        output.WriteLine($"{looks} looks, rate {rate}: two-sided {(double)twoSided / runs:P2}, guardrail 'worse' {(double)worse / runs:P2}");
        var limit = alpha + Simulation.ThreeStandardErrors(alpha, runs);
        ((double)twoSided / runs).ShouldBeLessThanOrEqualTo(limit);
        ((double)worse / runs).ShouldBeLessThanOrEqualTo(limit);
    }

    private static (bool TwoSided, bool Worse) EverRejected(Prng random, int looks, int batch, double rate, GuardrailDesign design)
    {
        double sumA = 0, sumB = 0, squaresA = 0, squaresB = 0;
        bool two = false, one = false;
        for (var look = 1; look <= looks && !(two && one); look++)
        {
            Draw(random, batch, rate, ref sumA, ref squaresA);
            Draw(random, batch, rate, ref sumB, ref squaresB);
            long n = (long)look * batch;
            var a = rate > 0 ? Arms.Proportion(new ProportionSums(n, sumA)) : Arms.Mean(new SampleSums(n, sumA, squaresA));
            var b = rate > 0 ? Arms.Proportion(new ProportionSums(n, sumB)) : Arms.Mean(new SampleSums(n, sumB, squaresB));
            var verdict = MeanGuardrail.Judge(a, b, design);
            if (verdict is GuardrailVerdict.NoData) continue;
            one |= verdict is GuardrailVerdict.Worse;
            var effect = (Effect.Estimate)Effects.Absolute(a, b);
            two |= Math.Abs(effect.Difference)
                > AsymptoticConfidenceSequence.HalfWidth(effect.StandardError, effect.Units, design.Alpha, design.PlannedUnits);
        }

        return (two, one);
    }

    private static void Draw(Prng random, int count, double rate, ref double sum, ref double squares)
    {
        if (rate > 0)
        {
            sum += random.Binomial(count, rate);
            return;
        }

        // Sums of normals: mean and centred sum of squares are independent, the latter chi-squared.
        var s = Math.Sqrt(count) * random.Normal();
        sum += s;
        squares += s * s / count + 2 * random.Gamma((count - 1) / 2.0);
    }
}
