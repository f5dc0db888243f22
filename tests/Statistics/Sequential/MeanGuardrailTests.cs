namespace Delivery.Statistics.Tests;

public sealed class MeanGuardrailTests
{
    private static readonly GuardrailDesign Errors = new(HarmDirection.HigherIsWorse, new Margin.Absolute(0.01));

    [Fact]
    public void more_errors_than_the_margin_allows_is_worse() =>
        MeanGuardrail.Judge(Rate(20_000, 200), Rate(20_000, 600), Errors).ShouldBeOfType<GuardrailVerdict.Worse>();

    [Fact]
    public void equal_rates_are_non_inferior_once_there_is_enough_data()
    {
        MeanGuardrail.Judge(Rate(200_000, 2000), Rate(200_000, 2000), Errors).ShouldBeOfType<GuardrailVerdict.NotWorse>();
        MeanGuardrail.Judge(Rate(3_200, 32), Rate(3_200, 32), Errors with { Margin = new Margin.Absolute(0.002) }).ShouldBeOfType<GuardrailVerdict.Undecided>();
    }

    [Fact]
    public void a_fall_of_a_metric_that_should_rise_is_worse()
    {
        var design = new GuardrailDesign(HarmDirection.LowerIsWorse, new Margin.Relative(0.02));
        MeanGuardrail.Judge(Rate(50_000, 10_000), Rate(50_000, 9_000), design).ShouldBeOfType<GuardrailVerdict.Worse>();
        MeanGuardrail.Judge(Rate(50_000, 10_000), Rate(50_000, 11_000), design).ShouldBeOfType<GuardrailVerdict.NotWorse>();
    }

    [Fact]
    public void a_negative_metric_that_falls_is_worse_in_relative_terms_too()
    {
        var design = new GuardrailDesign(HarmDirection.LowerIsWorse, new Margin.Relative(0.02));
        var stable = new ArmEstimate.Measured(10_000, -1, 1);
        MeanGuardrail.Judge(stable, stable with { Mean = -2 }, design).ShouldBeOfType<GuardrailVerdict.Worse>();
        MeanGuardrail.Judge(stable, stable with { Mean = -0.5 }, design).ShouldBeOfType<GuardrailVerdict.NotWorse>();
    }

    [Theory]
    [InlineData(99, 40, NoEstimateReason.TooFewUnits)]
    [InlineData(5000, 29, NoEstimateReason.TooFewUnits)]
    [InlineData(0, 0, NoEstimateReason.NoData)]
    public void before_the_burn_in_there_is_no_data(long units, long events, NoEstimateReason reason) =>
        MeanGuardrail.Judge(Rate(units, events), Rate(20_000, 200), Errors).ShouldBe(new GuardrailVerdict.NoData(reason));

    [Fact]
    public void a_design_out_of_range_is_refused()
    {
        var arm = Rate(20_000, 200);
        MeanGuardrail.Judge(arm, arm, Errors with { Alpha = 0.5 }).ShouldBe(new GuardrailVerdict.NoData(NoEstimateReason.InvalidDesign));
        MeanGuardrail.Judge(arm, arm, Errors with { Margin = new Margin.Absolute(double.NaN) })
            .ShouldBe(new GuardrailVerdict.NoData(NoEstimateReason.InvalidDesign));
        MeanGuardrail.Judge(arm, arm, Errors with { PlannedUnits = 0 }).ShouldBe(new GuardrailVerdict.NoData(NoEstimateReason.InvalidDesign));
    }

    private static ArmEstimate Rate(long units, long events) => Arms.Proportion(new ProportionSums(units, events));
}
