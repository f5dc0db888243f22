namespace Delivery.Statistics.Tests;

public sealed class RampTests(ITestOutputHelper output)
{
    private static readonly RampState State = new(1000, true, true, false, false, TimeSpan.Zero);
    private static readonly GuardrailBudget Budget = new("errors", 100, 0.01, true, true);

    [Fact]
    public void simpsons_table_comes_out_exactly()
    {
        var friday = new Stratum(Rate(990_000, 20_000), Rate(10_000, 230));
        var saturday = new Stratum(Rate(500_000, 5_000), Rate(500_000, 6_000));
        Estimate(StratifiedEffect.Absolute([friday])).Difference.ShouldBe(0.00279798, 5e-9);
        Estimate(StratifiedEffect.Absolute([saturday])).Difference.ShouldBe(0.00200000, 5e-9);
        var both = Estimate(StratifiedEffect.Absolute([friday, saturday]));
        both.Difference.ShouldBe(0.00239899, 5e-9);
        both.StandardError.ShouldBe(0.00076003, 5e-9);
        both.Units.ShouldBe(2_000_000);
        Estimate(Effects.Absolute(Rate(1_490_000, 25_000), Rate(510_000, 6_230))).Difference.ShouldBe(-0.00456284, 5e-9);
    }

    [Fact]
    public void a_relative_effect_uses_the_same_weights()
    {
        var strata = new[] { new Stratum(Rate(10_000, 1_000), Rate(10_000, 1_100)), new Stratum(Rate(30_000, 6_000), Rate(10_000, 2_200)) };
        var absolute = Estimate(StratifiedEffect.Absolute(strata)).Difference;
        Estimate(StratifiedEffect.Relative(strata)).Difference.ShouldBe(absolute / (0.1 / 3 + 0.2 * 2 / 3), 1e-12);
    }

    [Fact]
    public void a_stratum_without_comparison_is_left_out_and_broken_sums_are_not()
    {
        var good = new Stratum(Rate(1000, 100), Rate(1000, 120));
        Estimate(StratifiedEffect.Absolute([good, new(Rate(500, 50), Rate(0, 0))])).Units.ShouldBe(2000);
        StratifiedEffect.Absolute([]).ShouldBe(new Effect.NoEstimate(NoEstimateReason.NoData));
        StratifiedEffect.Absolute([new(Rate(500, 50), Rate(1, 0))]).ShouldBe(new Effect.NoEstimate(NoEstimateReason.TooFewUnits));
        StratifiedEffect.Absolute([good, new(Rate(10, 50), Rate(1000, 100))]).ShouldBe(new Effect.NoEstimate(NoEstimateReason.InconsistentSums));
    }

    [Fact]
    public void a_drifting_baseline_fools_the_pooled_difference_and_not_the_stratified_one()
    {
        double[] shares = [0.01, 0.05, 0.2, 0.5];
        double[] baseline = [0.10, 0.12, 0.15, 0.2];
        var runs = Simulation.Runs;
        int pooled = 0, stratified = 0;
        Parallel.For(0, runs, run =>
        {
            var random = new Prng(6, (ulong)run);
            var strata = new List<Stratum>();
            long nc = 0, nt = 0, sc = 0, st = 0;
            for (var k = 0; k < shares.Length; k++)
            {
                int t = (int)(20_000 * shares[k]), c = 20_000 - t;
                int hitsT = random.Binomial(t, baseline[k]), hitsC = random.Binomial(c, baseline[k]);
                strata.Add(new Stratum(Rate(c, hitsC), Rate(t, hitsT)));
                (nc, nt, sc, st) = (nc + c, nt + t, sc + hitsC, st + hitsT);
            }

            if (Rejects(StratifiedEffect.Absolute(strata))) Interlocked.Increment(ref stratified);
            if (Rejects(Effects.Absolute(Rate(nc, sc), Rate(nt, st)))) Interlocked.Increment(ref pooled);
        });
        output.WriteLine($"true null rejected: pooled {(double)pooled / runs:P1}, stratified {(double)stratified / runs:P2}");
        ((double)pooled / runs).ShouldBeGreaterThan(0.99);
        ((double)stratified / runs).ShouldBeInRange(0.0428, 0.0572);
    }

    [Fact]
    public void a_step_risks_an_eighth_of_the_budget_and_grows_fivefold_at_most()
    {
        RiskBudgetRamp.Next(State, [Budget], RampPolicy.Default).ShouldBe(new RampStep.Raise(1250, "errors"));
        RiskBudgetRamp.Next(State, [Budget with { HarmUpperBound = 1e-5 }], RampPolicy.Default).ShouldBe(new RampStep.Raise(5000, null));
        RiskBudgetRamp.Next(State, [Budget with { HarmUpperBound = -0.2 }], RampPolicy.Default).ShouldBe(new RampStep.Raise(5000, null));
        RiskBudgetRamp.Next(State, [Budget, Budget with { Key = "revenue", Budget = 90 }], RampPolicy.Default)
            .ShouldBe(new RampStep.Raise(1125, "revenue"));
        RiskBudgetRamp.Next(State, [Budget with { HarmUpperBound = 0.02 }], RampPolicy.Default)
            .ShouldBe(new RampStep.Hold(HoldReason.BudgetExhausted, "errors"));
    }

    [Fact]
    public void a_ramp_never_rises_on_doubt()
    {
        Hold(State with { SrmPassed = false }, Budget).ShouldBe(HoldReason.SampleRatioMismatch);
        Hold(State with { TrafficAsPlanned = false }, Budget).ShouldBe(HoldReason.WrongTraffic);
        Hold(State, Budget with { Fresh = false }).ShouldBe(HoldReason.StaleData);
        Hold(State, Budget with { BurntIn = false }).ShouldBe(HoldReason.BurnIn);
        Hold(State, Budget with { HarmUpperBound = null }).ShouldBe(HoldReason.BurnIn);
        Hold(State, Budget with { HarmUpperBound = double.NaN }).ShouldBe(HoldReason.InvalidDesign);
        var testing = State with { SuccessMetricsDecide = true, AtWidestSplit = true, HeldFor = TimeSpan.FromDays(6.9) };
        Hold(testing, Budget).ShouldBe(HoldReason.TestSplitHold);
        RiskBudgetRamp.Next(testing with { HeldFor = TimeSpan.FromDays(7) }, [Budget], RampPolicy.Default).ShouldBeOfType<RampStep.Raise>();
        RiskBudgetRamp.Next(State, [], RampPolicy.Default).ShouldBe(new RampStep.Hold(HoldReason.NoGuardrail, null));
    }

    private static HoldReason Hold(RampState state, GuardrailBudget budget) =>
        RiskBudgetRamp.Next(state, [budget], RampPolicy.Default).ShouldBeOfType<RampStep.Hold>().Reason;

    private static bool Rejects(Effect effect) => WelchTest.TwoSided(effect, 0.05) is TestOutcome.Tested { P: < 0.05 };

    private static Effect.Estimate Estimate(Effect effect) => effect.ShouldBeOfType<Effect.Estimate>();

    private static ArmEstimate Rate(long units, long events) => Arms.Proportion(new ProportionSums(units, events));
}
