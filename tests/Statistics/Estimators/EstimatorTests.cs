using CsCheck;

namespace Delivery.Statistics.Tests;

public sealed class EstimatorTests
{
    private static readonly double[] Strange = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, -1, 1e-320, 1e308, -1e308, 100, 3.5];
    private static readonly long[] StrangeCounts = [-1, 0, 1, 2, 100, long.MaxValue];
    private static readonly Gen<double> AnyNumber = Gen.OneOf(Gen.Int[0, Strange.Length - 1].Select(i => Strange[i]), Gen.Double[-1e6, 1e6]);
    private static readonly Gen<long> AnyCount = Gen.OneOf(Gen.Int[0, StrangeCounts.Length - 1].Select(i => StrangeCounts[i]), Gen.Long[0, 1_000_000]);
    private static readonly Gen<SampleSums> AnySums = Gen.Select(AnyCount, AnyNumber, AnyNumber, (n, s, q) => new SampleSums(n, s, q));

    [Fact]
    public void no_input_makes_a_number_that_is_not_one() =>
        Gen.Select(AnySums, AnySums, AnySums, AnySums, AnyNumber, AnyNumber, Gen.Bool).Sample((a, b, c, d, u, v, relative) =>
        {
            Effect[] effects =
            [
                Between(Arms.Mean(a), Arms.Mean(b), relative),
                Between(Arms.Proportion(new(a.N, a.Sum)), Arms.Proportion(new(b.N, b.Sum)), relative),
                Between(Arms.Ratio(new(a, c with { N = a.N }, u)), Arms.Ratio(new(b, d with { N = b.N }, v)), relative),
                Cuped.Estimate(new CupedSums(a, c with { N = a.N }, u), new CupedSums(b, d with { N = b.N }, v), relative, CupedPooling.WithinArms),
                Cuped.Estimate(new CupedSums(a, c with { N = a.N }, u), new CupedSums(b, d with { N = b.N }, v), relative, CupedPooling.AllUnits),
                StratifiedEffect.Relative([new(Arms.Mean(a), Arms.Mean(b)), new(Arms.Mean(c), Arms.Mean(d))]),
            ];
            foreach (var effect in effects)
            {
                Finite(WelchTest.TwoSided(effect, 0.05));
                Finite(WelchTest.Greater(effect, 0.05));
                Finite(AnytimeTest.TwoSided(effect, 0.05, 5000));
                Finite(AnytimeTest.Greater(effect, 0.05, 5000));
                if (BayesianView.Of(effect, 0.05) is BayesianReading.Posterior p)
                {
                    double[] numbers = [p.Mean, p.ChanceToWin, p.RiskOfBaseline, p.RiskOfTreatment, p.Interval.Lower!.Value, p.Interval.Upper!.Value];
                    numbers.ShouldAllBe(x => double.IsFinite(x));
                }
            }
        }, iter: 5_000);

    [Fact]
    public void swapping_the_arms_flips_the_sign() =>
        Gen.Select(Gen.Double[-100, 100], Gen.Double[0.1, 50], Gen.Double[-100, 100], Gen.Double[0.1, 50]).Sample((m1, v1, m2, v2) =>
        {
            ArmEstimate a = new ArmEstimate.Measured(100, m1, v1), b = new ArmEstimate.Measured(300, m2, v2);
            var there = WelchTest.TwoSided(Effects.Absolute(a, b), 0.05).ShouldBeOfType<TestOutcome.Tested>();
            var back = WelchTest.TwoSided(Effects.Absolute(b, a), 0.05).ShouldBeOfType<TestOutcome.Tested>();
            back.Difference.ShouldBe(-there.Difference);
            back.StandardError.ShouldBe(there.StandardError, 1e-14 * there.StandardError);
            back.P.ShouldBe(there.P, 1e-12);
        });

    [Theory]
    [InlineData(0, 0, 0, NoEstimateReason.NoData)]
    [InlineData(1, 5, 25, NoEstimateReason.TooFewUnits)]
    [InlineData(10, 50, 250, NoEstimateReason.NoVariance)]
    [InlineData(10, 50, 100, NoEstimateReason.InconsistentSums)]
    [InlineData(10, double.NaN, 1, NoEstimateReason.NotFinite)]
    public void what_cannot_be_estimated_has_a_reason(long n, double sum, double squares, NoEstimateReason reason)
    {
        var arm = Arms.Mean(new SampleSums(n, sum, squares));
        Effects.Absolute(arm, arm).ShouldBe(new Effect.NoEstimate(reason));
    }

    [Fact]
    public void a_ratio_without_denominator_has_a_reason() =>
        Arms.Ratio(new RatioSums(new(10, 5, 9), new(10, 0, 0), 0)).ShouldBe(new ArmEstimate.Unmeasured(NoEstimateReason.ZeroDenominator));

    [Fact]
    public void a_relative_effect_on_a_baseline_near_zero_is_suppressed() =>
        Effects.Relative(new ArmEstimate.Measured(100, 0.1, 1), new ArmEstimate.Measured(100, 5, 1))
            .ShouldBe(new Effect.NoEstimate(NoEstimateReason.BaselineNotAwayFromZero));

    [Fact]
    public void moments_and_sums_give_the_same_estimates()
    {
        var random = new Prng(9, 0);
        UnitValues[] units = [.. Enumerable.Range(0, 500).Select(_ =>
        {
            var pre = random.Poisson(3);
            var d = 1 + random.Poisson(2);
            return new UnitValues((pre + random.Poisson(d)) * FixedPoint.Scale, d * FixedPoint.Scale, pre * FixedPoint.Scale, 0);
        })];
        var (a, b) = (units[..200], units[200..]);
        var (ma, mb) = (MomentsTests.Sum(a), MomentsTests.Sum(b));
        Same(MomentEffects.Between(ma, mb, MomentMetric.Mean, false), Effects.Absolute(Arms.Mean(Of(a, u => u.MPost)), Arms.Mean(Of(b, u => u.MPost))));
        Same(MomentEffects.Between(ma, mb, MomentMetric.Ratio, true), Effects.Relative(Arms.Ratio(Ratio(a)), Arms.Ratio(Ratio(b))));
        Same(MomentEffects.Adjusted(ma, mb, MomentMetric.Mean, true), Cuped.Estimate(Pre(a), Pre(b), true, CupedPooling.WithinArms));
    }

    [Fact]
    public void an_indicator_for_units_without_history_sharpens_the_estimate()
    {
        var (a, b) = (NewAndOld(1), NewAndOld(2));
        var with = Error(MomentEffects.Adjusted(MomentsTests.Sum(a), MomentsTests.Sum(b), MomentMetric.Mean, false));
        var without = Error(MomentEffects.Adjusted(MomentsTests.Sum(a.Select(Blind)), MomentsTests.Sum(b.Select(Blind)), MomentMetric.Mean, false));
        with.ShouldBeLessThan(0.8 * without);

        static UnitValues Blind(UnitValues unit) => unit with { DPre = 0 };
    }

    [Fact]
    public void ratio_cuped_reduces_the_variance_of_a_ratio()
    {
        var random = new Prng(10, 0);
        UnitValues[] Units() => [.. Enumerable.Range(0, 2000).Select(_ =>
        {
            var rate = 0.5 + random.Uniform();
            int d = 1 + random.Poisson(5), pre = 1 + random.Poisson(5);
            return new UnitValues(random.Poisson(20 * rate * d), d, random.Poisson(20 * rate * pre), pre);
        })];
        var (a, b) = (MomentsTests.Sum(Units()), MomentsTests.Sum(Units()));
        Error(MomentEffects.Adjusted(a, b, MomentMetric.Ratio, false)).ShouldBeLessThan(0.85 * Error(MomentEffects.Between(a, b, MomentMetric.Ratio, false)));
    }

    private static UnitValues[] NewAndOld(ulong stream)
    {
        var random = new Prng(11, stream);
        return [.. Enumerable.Range(0, 2000).Select(i =>
        {
            if (i % 3 == 0) return new UnitValues((long)(1e6 * (20 + random.Normal())), 0, 0, 0);
            var pre = 5 + random.Normal();
            return new UnitValues((long)(1e6 * (pre + 0.5 * random.Normal())), 0, (long)(1e6 * pre), FixedPoint.Scale);
        })];
    }

    private static double Error(Effect effect) => effect.ShouldBeOfType<Effect.Estimate>().StandardError;

    private static Effect Between(ArmEstimate a, ArmEstimate b, bool relative) => relative ? Effects.Relative(a, b) : Effects.Absolute(a, b);

    private static void Same(Effect actual, Effect expected)
    {
        var (x, y) = (actual.ShouldBeOfType<Effect.Estimate>(), expected.ShouldBeOfType<Effect.Estimate>());
        x.Difference.ShouldBe(y.Difference, 1e-11);
        x.StandardError.ShouldBe(y.StandardError, 1e-11);
        x.DegreesOfFreedom.ShouldBe(y.DegreesOfFreedom, 1e-8 * y.DegreesOfFreedom);
    }

    private static SampleSums Of(UnitValues[] units, Func<UnitValues, long> value) =>
        new(units.Length, units.Sum(u => value(u) / 1e6), units.Sum(u => value(u) / 1e6 * (value(u) / 1e6)));

    private static RatioSums Ratio(UnitValues[] units) =>
        new(Of(units, u => u.MPost), Of(units, u => u.DPost), units.Sum(u => u.MPost / 1e6 * (u.DPost / 1e6)));

    private static CupedSums Pre(UnitValues[] units) =>
        new(Of(units, u => u.MPost), Of(units, u => u.MPre), units.Sum(u => u.MPost / 1e6 * (u.MPre / 1e6)));

    private static void Finite(TestOutcome outcome)
    {
        if (outcome is not TestOutcome.Tested t) return;
        double[] numbers = [t.Difference, t.StandardError, t.Interval.Lower ?? 0, t.Interval.Upper ?? 0];
        numbers.ShouldAllBe(x => double.IsFinite(x));
        t.P.ShouldBeInRange(0, 1);
    }
}
