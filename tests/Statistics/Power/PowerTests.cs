namespace Delivery.Statistics.Tests;

public sealed class PowerTests
{
    [Fact]
    public void textbook_sample_size()
    {
        // (1.959964 + 0.841621)²·σ²/(δ²/4): 31.395… units for δ = σ, both arms together.
        PowerCalculation.Units(PowerDesign.Fixed(1), 0.1, 0.8).ShouldBe(3140);
        PowerCalculation.Power(PowerDesign.Fixed(1), 0.1, 3140).ShouldBe(0.8, 1e-4);
        PowerCalculation.MinimumDetectableEffect(PowerDesign.Fixed(1), 3140, 0.8).ShouldBe(0.1, 1e-5);
    }

    [Fact]
    public void covariates_and_uneven_splits_change_the_size_as_they_should()
    {
        var design = PowerDesign.Fixed(1);
        var plain = PowerCalculation.Units(design, 0.01, 0.8);
        PowerCalculation.Units(design with { PreCorrelation = 0.5 }, 0.01, 0.8).ShouldBe(plain * 0.75, 2);
        PowerCalculation.Units(design with { TreatmentShare = 0.05 }, 0.01, 0.8).ShouldBe(plain * 0.25 / 0.0475, 6);
        PowerCalculation.Days(1000, 100, 7).ShouldBe(17);
    }

    [Fact]
    public void looking_more_often_costs_a_little_and_always_costs_more()
    {
        var plain = PowerDesign.Fixed(1);
        var fixedUnits = PowerCalculation.Units(plain, 0.05, 0.8);
        var sequential = PowerCalculation.Units(plain with { Plan = new LookPlan.GroupSequential(14) }, 0.05, 0.8);
        var always = PowerCalculation.Units(plain with { Plan = new LookPlan.AlwaysValid() }, 0.05, 0.8);
        (sequential / fixedUnits).ShouldBeInRange(1.01, 1.06);
        (always / sequential).ShouldBeGreaterThan(1.3);
        PowerCalculation.Power(plain with { Plan = new LookPlan.GroupSequential(14) }, 0.05, sequential).ShouldBe(0.8, 1e-4);
        PowerCalculation.Power(plain with { Plan = new LookPlan.AlwaysValid() }, 0.05, always).ShouldBe(0.8, 1e-4);
    }

    [Fact]
    public void the_service_answers_with_the_missing_third()
    {
        var request = new PowerRequest { BaselineMean = 0.1, Effect = 0.05, Relative = true, Plan = "fixed", UnitsPerDay = 1000, WindowDays = 1 };
        var planned = PowerService.Plan(request).ShouldBeOfType<PowerAnswer.Planned>();
        planned.Effect.ShouldBe(0.005, 1e-12);
        planned.Units.ShouldBe(Math.Ceiling(113024.0), 500);
        planned.Days.ShouldNotBeNull().ShouldBe(planned.Units / 1000 + 1, 1e-9);
        PowerService.Plan(new PowerRequest { BaselineMean = 0.1, Units = planned.Units, Plan = "fixed" })
            .ShouldBeOfType<PowerAnswer.Planned>().EffectRelative.ShouldNotBeNull().ShouldBe(0.05, 1e-5);
        PowerService.Plan(request with { Units = planned.Units }).ShouldBeOfType<PowerAnswer.Planned>().Power.ShouldBe(0.8, 1e-4);
    }

    [Fact]
    public void a_plan_beyond_all_numbers_is_refused() =>
        PowerService.Plan(new PowerRequest { StandardDeviation = 1e200, Effect = 1e-200, Plan = "fixed" })
            .ShouldBeOfType<PowerAnswer.Invalid>().Errors.Select(e => e.Field).ShouldBe(["effect"]);

    [Theory]
    [InlineData("standardDeviation")]
    [InlineData("effect")]
    [InlineData("alpha")]
    [InlineData("power")]
    [InlineData("plan")]
    [InlineData("looks")]
    [InlineData("treatmentShare")]
    [InlineData("baselineMean")]
    [InlineData("units")]
    [InlineData("unitsPerDay")]
    public void a_bad_field_is_named(string field)
    {
        var good = new PowerRequest { StandardDeviation = 1, Effect = 0.1 };
        PowerService.Plan(good).ShouldBeOfType<PowerAnswer.Planned>();
        var bad = field switch
        {
            "standardDeviation" => good with { StandardDeviation = null },
            "effect" => good with { Effect = null },
            "alpha" => good with { Alpha = 1 },
            "power" => good with { Power = 1 },
            "plan" => good with { Plan = "peek" },
            "looks" => good with { Looks = 0 },
            "treatmentShare" => good with { TreatmentShare = double.NaN },
            "baselineMean" => good with { Relative = true },
            "units" => good with { Units = 0 },
            _ => good with { UnitsPerDay = 0 },
        };
        PowerService.Plan(bad).ShouldBeOfType<PowerAnswer.Invalid>().Errors.Select(e => e.Field).ShouldBe([field]);
    }
}
