namespace Delivery.Statistics.Tests;

public sealed class ClusteredQuantileTests(ITestOutputHelper output)
{
    /// <summary>Acceptance 4: events of one user share a level, so an interval that ignores the user is far too narrow.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.95)]
    public void the_interval_of_a_clustered_quantile_covers_the_truth(double probability)
    {
        const double level = 0.5, noise = 0.8;
        var truth = Math.Exp(Math.Sqrt(level * level + noise * noise) * Normal.Quantile(probability));
        var runs = Simulation.Runs;
        var covered = Simulation.Share(runs, 4, random =>
        {
            var (sorted, sums) = Sample(random, 1200, level, noise, probability);
            return ClusteredQuantile.Of(sorted, probability, sums) is ArmEstimate.Measured arm
                && Math.Abs(arm.Mean - truth) <= 1.959963984540054 * Math.Sqrt(arm.VarianceOfMean);
        });
        output.WriteLine($"p{100 * probability}: covered {covered:P2}");
        covered.ShouldBeInRange(0.945, 0.96);
    }

    [Fact]
    public void a_histogram_gives_the_same_quantile_within_its_bins()
    {
        var (sorted, sums) = Sample(new Prng(41, 0), 2000, 0.8, 0.6, 0.95);
        var exact = ClusteredQuantile.Of(sorted, 0.95, sums).ShouldBeOfType<ArmEstimate.Measured>();
        var histogram = LogHistogramTests.Filled(sorted.Select(v => (long)Math.Round(v * FixedPoint.Scale)));
        var binned = ClusteredQuantile.Of(histogram, 0.95, sums).ShouldBeOfType<ArmEstimate.Measured>();
        binned.Mean.ShouldBe(exact.Mean, 0.01 * exact.Mean);
        binned.VariancePerUnit.ShouldBeGreaterThanOrEqualTo(exact.VariancePerUnit);
    }

    [Fact]
    public void too_few_events_for_outer_order_statistics_are_refused()
    {
        var (sorted, sums) = Sample(new Prng(42, 0), 12, 0.8, 0.6, 0.99);
        ClusteredQuantile.Of(sorted, 0.99, sums).ShouldBe(new ArmEstimate.Unmeasured(NoEstimateReason.TooFewUnits));
        ClusteredQuantile.Of([], 0.5, sums).ShouldBe(new ArmEstimate.Unmeasured(NoEstimateReason.NoData));
        ClusteredQuantile.Of(sorted, 1, sums).ShouldBe(new ArmEstimate.Unmeasured(NoEstimateReason.InvalidDesign));
    }

    private static (double[] Sorted, RatioSums AtMost) Sample(Prng random, int users, double level, double noise, double probability)
    {
        var events = new List<double>(users * 6);
        var ends = new int[users];
        for (var user = 0; user < users; user++)
        {
            var own = level * random.Normal();
            var count = 1 + random.Poisson(4);
            for (var i = 0; i < count; i++) events.Add(Math.Exp(own + noise * random.Normal()));
            ends[user] = events.Count;
        }

        double[] sorted = [.. events];
        Array.Sort(sorted);
        var quantile = sorted[(int)ClusteredQuantile.Rank(sorted.Length, probability) - 1];
        double s = 0, k = 0, ss = 0, kk = 0, sk = 0;
        for (int user = 0, i = 0; user < users; user++)
        {
            int count = 0, atMost = 0;
            for (; i < ends[user]; i++, count++)
            {
                if (events[i] <= quantile) atMost++;
            }

            s += atMost;
            k += count;
            ss += atMost * atMost;
            kk += count * count;
            sk += atMost * count;
        }

        return (sorted, new RatioSums(new(users, s, ss), new(users, k, kk), sk));
    }
}
