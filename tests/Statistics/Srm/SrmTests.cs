namespace Delivery.Statistics.Tests;

public sealed class SrmTests(ITestOutputHelper output)
{
    /// <summary>Acceptance 5: χ² anchors.</summary>
    [Fact]
    public void pearson_anchors()
    {
        PearsonChiSquare.Of(new SplitCounts([1000, 1200], [1, 1]))!.P.ShouldBe(0.000020079, 5e-10);
        PearsonChiSquare.Of(new SplitCounts([821588, 815482], [0.5, 0.5]))!.ChiSquared.ShouldBe(22.774369, 5e-7);
    }

    /// <summary>Acceptance 7: Savvi's vectors.</summary>
    [Theory]
    [InlineData(new long[] { 40, 129, 233 }, new[] { 0.1, 0.4, 0.5 }, 0.0484559110597)]
    [InlineData(new long[] { 148, 62 }, new[] { 0.8, 0.2 }, 0.0455796317592)]
    public void sequential_p_matches_savvi(long[] users, double[] weights, double expected) =>
        SequentialSrm.Test([new SplitCounts(users, weights)], concentration: 100).ShouldBeOfType<SrmOutcome.Tested>().P.ShouldBe(expected, 5e-13);

    [Fact]
    public void epochs_with_their_own_weights_multiply()
    {
        var first = new SplitCounts([9000, 1000], [9, 1]);
        var second = new SplitCounts([5200, 4800], [1, 1]);
        var product = SequentialSrm.Test([first, second]).ShouldBeOfType<SrmOutcome.Tested>();
        product.LogBayesFactor.ShouldBe(SequentialSrm.LogBayesFactor(first)!.Value + SequentialSrm.LogBayesFactor(second)!.Value, 1e-12);
    }

    [Fact]
    public void p_never_rises_again_and_levels_follow_it()
    {
        var fine = new SplitCounts([50, 50], [1, 1]);
        SequentialSrm.Test([fine], previousP: 0.004).ShouldBeOfType<SrmOutcome.Tested>().ShouldSatisfyAllConditions(
            t => t.P.ShouldBe(0.004), t => t.Level.ShouldBe(SrmLevel.Warned));
        SequentialSrm.Test([fine]).ShouldBeOfType<SrmOutcome.Tested>().Level.ShouldBe(SrmLevel.Passed);
        SequentialSrm.Test([new SplitCounts([821588, 815482], [1, 1])]).ShouldBeOfType<SrmOutcome.Tested>().Level.ShouldBe(SrmLevel.Blocked);
    }

    [Fact]
    public void an_impossible_split_is_refused()
    {
        SequentialSrm.Test([new SplitCounts([1, 2], [1, 0])]).ShouldBe(new SrmOutcome.NotTested(SplitRefusal.WeightNotPositive));
        SequentialSrm.Test([new SplitCounts([1, -2], [1, 1])]).ShouldBe(new SrmOutcome.NotTested(SplitRefusal.CountOutOfRange));
        SequentialSrm.Test([new SplitCounts([1], [1])]).ShouldBe(new SrmOutcome.NotTested(SplitRefusal.ArmsAndWeightsDiffer));
        SequentialSrm.Test([new SplitCounts([long.MaxValue, 2], [1, 1])]).ShouldBe(new SrmOutcome.NotTested(SplitRefusal.CountOutOfRange));
        PearsonChiSquare.Of(new SplitCounts([0, 0], [1, 1])).ShouldBeNull();
    }

    /// <summary>Acceptance 5: 2,016 looks (one every five minutes for a week).</summary>
    [Fact]
    public void a_correct_split_raises_a_false_alarm_in_at_most_one_percent()
    {
        var runs = Simulation.Runs;
        var alarms = Simulation.Share(runs, 5, random =>
        {
            long first = 0, total = 0;
            for (var look = 1; look <= 2016; look++)
            {
                first += random.Binomial(100, 0.3);
                total += 100;
                if (SequentialSrm.LogBayesFactor(new SplitCounts([first, total - first], [0.3, 0.7])) >= Math.Log(100)) return true;
            }

            return false;
        });
        output.WriteLine($"ever alarmed {alarms:P3}");
        alarms.ShouldBeLessThanOrEqualTo(0.01);
    }
}
