namespace Delivery.Statistics.Tests;

public sealed class GroupSequentialTests(ITestOutputHelper output)
{
    private static readonly double[] Fourteen = [.. Enumerable.Range(1, 14).Select(k => k / 14.0)];

    [Fact]
    public void lan_demets_boundaries_at_five_equal_looks()
    {
        double[] expected = [4.876885, 3.357012, 2.680280, 2.289817, 2.031032];
        var boundaries = GroupSequential.Boundaries([0.2, 0.4, 0.6, 0.8, 1], 0.025, SpendingFunction.OBrienFleming);
        for (var k = 0; k < 5; k++) boundaries[k].ShouldBe(expected[k], 1e-6);
    }

    [Fact]
    public void classical_constants()
    {
        // The design page says 2.413180; two integrations by different rules agree on 2.4131762.
        GroupSequential.PocockConstant(5, 0.05).ShouldBe(2.4131762, 1e-7);
        GroupSequential.PocockConstant(5, 0.05).ShouldBe(2.413180, 5e-6);
        GroupSequential.OBrienFlemingConstant(5, 0.05).ShouldBe(2.040073, 1e-6);
        GroupSequential.PocockConstant(1, 0.05).ShouldBe(1.9599639845400542, 1e-9);
    }

    [Fact]
    public void the_level_is_spent_exactly()
    {
        var boundaries = GroupSequential.Boundaries(Fourteen, 0.025, SpendingFunction.OBrienFleming);
        GroupSequential.CrossingProbability(Fourteen, boundaries, 0).ShouldBe(0.025, 1e-9);
        double[] uneven = [0.05, 0.3, 0.31, 0.9];
        var early = GroupSequential.Boundaries(uneven, 0.025, SpendingFunction.Pocock, finalLook: true);
        GroupSequential.CrossingProbability(uneven, early, 0).ShouldBe(0.025, 1e-9);
    }

    /// <summary>Acceptance 3.</summary>
    [Fact]
    public void fourteen_looks_cost_little_power()
    {
        var boundaries = GroupSequential.Boundaries(Fourteen, 0.025, SpendingFunction.OBrienFleming);
        var power = GroupSequential.CrossingProbability(Fourteen, boundaries, Normal.UpperQuantile(0.025) + Normal.UpperQuantile(0.2));
        output.WriteLine($"power at 14 looks {power:F4}");
        power.ShouldBe(0.785, 0.01);
    }

    [Theory]
    [InlineData(0, 0.05, 0.0066)]
    [InlineData(2.8015852, 0.785, 0.0125)]
    public void simulated_daily_looks_behave_as_computed(double drift, double expected, double tolerance)
    {
        var runs = Simulation.Runs;
        var boundaries = GroupSequential.Boundaries(Fourteen, 0.025, SpendingFunction.OBrienFleming);
        var stopped = Simulation.Share(runs, 3, random =>
        {
            var score = 0.0;
            for (var k = 0; k < 14; k++)
            {
                score += random.Normal() / Math.Sqrt(14) + drift / 14;
                var z = score / Math.Sqrt(Fourteen[k]);
                if (drift > 0 ? z >= boundaries[k] : Math.Abs(z) >= boundaries[k]) return true;
            }

            return false;
        });
        output.WriteLine($"drift {drift}: stopped {stopped:P2}");
        stopped.ShouldBe(expected, tolerance);
    }

    [Fact]
    public void a_verdict_follows_the_boundaries_look_by_look()
    {
        var design = new GroupSequentialDesign(0.05, 1);
        var looks = new List<Effect> { Look(0.2, 3), Look(0.4, 3) };
        var goOn = GroupSequentialTest.Judge(looks, design, finalLook: false).ShouldBeOfType<GroupSequentialVerdict.GoOn>();
        goOn.Boundary.ShouldBe(3.357012, 1e-6);
        goOn.RepeatedInterval.Contains(0).ShouldBeTrue();
        looks.Add(Look(0.6, -2.7));
        GroupSequentialTest.Judge(looks, design, finalLook: false).ShouldBeOfType<GroupSequentialVerdict.Stopped>()
            .ShouldSatisfyAllConditions(s => s.Look.ShouldBe(3), s => s.Better.ShouldBeFalse());
    }

    [Fact]
    public void a_stop_is_not_undone_by_later_looks()
    {
        Effect[] looks = [Look(0.5, 4), Look(0.75, 0.1), Look(1, 0)];
        GroupSequentialTest.Judge(looks, new GroupSequentialDesign(0.05, 1), finalLook: true)
            .ShouldBeOfType<GroupSequentialVerdict.Stopped>().Look.ShouldBe(1);
    }

    [Fact]
    public void the_planned_end_spends_what_is_left_even_with_less_information_than_planned()
    {
        var verdict = GroupSequentialTest.Judge([Look(0.7, 1.961)], new GroupSequentialDesign(0.05, 1), finalLook: true);
        verdict.ShouldBeOfType<GroupSequentialVerdict.Stopped>().Boundary.ShouldBe(1.959964, 1e-6);
        GroupSequentialTest.Judge([Look(0.3, 1), Look(0.3, 1.2)], new GroupSequentialDesign(0.05, 1), finalLook: true)
            .ShouldBeOfType<GroupSequentialVerdict.Inconclusive>();
    }

    [Fact]
    public void without_an_estimate_there_is_no_verdict()
    {
        var design = new GroupSequentialDesign(0.05, 1);
        GroupSequentialTest.Judge([], design, false).ShouldBe(new GroupSequentialVerdict.NoVerdict(NoEstimateReason.NoData));
        GroupSequentialTest.Judge([new Effect.NoEstimate(NoEstimateReason.NoVariance)], design, false)
            .ShouldBe(new GroupSequentialVerdict.NoVerdict(NoEstimateReason.NoVariance));
        GroupSequentialTest.Judge([Look(0.5, 1)], design with { PlannedStandardError = 0 }, false)
            .ShouldBe(new GroupSequentialVerdict.NoVerdict(NoEstimateReason.InvalidDesign));
    }

    private static Effect.Estimate Look(double fraction, double z) => new(z / Math.Sqrt(fraction), 1 / Math.Sqrt(fraction), 1e6, 1000);
}
