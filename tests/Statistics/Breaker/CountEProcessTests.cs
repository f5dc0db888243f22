namespace Delivery.Statistics.Tests;

public sealed class CountEProcessTests
{
    private static readonly BreakerDesign Design = new();

    [Theory]
    [InlineData(0, 0, 0.1, 0.0)]
    [InlineData(8, 4, 0.1, 5.3557088858481289839)]
    [InlineData(20, 0, 0.01, 65.132670169928050702)]
    [InlineData(3, 300, 0.1, -3.7118995519318810613)]
    [InlineData(5, 0, 0.000001, 55.479930684812777634)]
    [InlineData(0, 50, 0.5, -3.2650858178187463526)]
    [InlineData(1000, 5000, 0.1, 10.837456494788936377)]
    [InlineData(40, 10, 0.999999, -14.220979029664026954)]
    public void log_e_value_matches_fifty_digit_arithmetic(long canary, long stable, double share, double expected)
    {
        // Expected values: the formula evaluated with mpmath 1.3 at 50 digits.
        LogE(new StageErrors(canary, stable, share), Design).ShouldBe(expected, 1e-8 * Math.Max(1e-4, Math.Abs(expected)));
    }

    [Fact]
    public void without_a_tolerated_ratio_the_null_is_equal_error_rates() =>
        LogE(new StageErrors(8, 4, 0.1), Design with { HarmRatio = 1 }).ShouldBe(7.1991750840357822, 1e-12);

    [Fact]
    public void stages_multiply()
    {
        var first = new StageErrors(3, 30, 0.05);
        var second = new StageErrors(9, 20, 0.25);
        var verdict = CountEProcess.Decide([first, second], Design).ShouldBeOfType<BreakerVerdict.Continue>();
        verdict.LogEValue.ShouldBe(LogE(first, Design) + LogE(second, Design), 1e-12);
        verdict.LogThreshold.ShouldBe(Math.Log(1000), 1e-12);
    }

    [Fact]
    public void huge_counts_stay_finite() =>
        double.IsFinite(LogE(new StageErrors(900_000_000, 8_000_000_000, 0.1), Design)).ShouldBeTrue();

    [Fact]
    public void gross_harm_aborts_and_a_harmless_canary_continues()
    {
        CountEProcess.Decide([new StageErrors(30, 10, 0.1)], Design).ShouldBeOfType<BreakerVerdict.Abort>();
        CountEProcess.Decide([new StageErrors(0, 0, 0.1)], Design).ShouldBeOfType<BreakerVerdict.Continue>();
    }

    [Theory]
    [InlineData(-1, 0, 0.1, NoEvidenceReason.NegativeCount)]
    [InlineData(5, 0, 0.0, NoEvidenceReason.ShareWithoutComparison)]
    [InlineData(5, 0, 1.0, NoEvidenceReason.ShareWithoutComparison)]
    [InlineData(5, 0, double.NaN, NoEvidenceReason.ShareWithoutComparison)]
    public void what_cannot_be_compared_leaves_the_breaker_blind(long canary, long stable, double share, NoEvidenceReason reason) =>
        CountEProcess.Decide([new StageErrors(canary, stable, share)], Design).ShouldBe(new BreakerVerdict.Blind(reason));

    [Fact]
    public void a_design_out_of_range_is_refused()
    {
        var stage = new StageErrors(1, 1, 0.5);
        CountEProcess.Evaluate(stage, Design with { Alpha = 0 }).ShouldBe(new StageEvidence.None(NoEvidenceReason.InvalidDesign));
        CountEProcess.Evaluate(stage, Design with { HarmRatio = 0.9 }).ShouldBe(new StageEvidence.None(NoEvidenceReason.InvalidDesign));
        CountEProcess.Evaluate(stage, Design with { PriorConcentration = double.NaN }).ShouldBe(new StageEvidence.None(NoEvidenceReason.InvalidDesign));
        CountEProcess.Decide([], Design).ShouldBe(new BreakerVerdict.Blind(NoEvidenceReason.NoStage));
    }

    internal static double LogE(StageErrors stage, BreakerDesign design) =>
        CountEProcess.Evaluate(stage, design).ShouldBeOfType<StageEvidence.Evidence>().LogEValue;
}
