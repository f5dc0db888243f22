using Delivery.Contracts.Metrics;
using Delivery.Metrics.Health;
using Delivery.Metrics.Measuring;
using static Delivery.Metrics.Tests.Health.Rows;

namespace Delivery.Metrics.Tests.Measuring;

public sealed class MomentFoldTests
{
    [Fact]
    public void a_unit_beyond_the_bound_is_counted_as_the_bound_and_told()
    {
        var fold = Fold(new MetricDefinition("Revenue", "Revenue.", MetricKind.Mean, new MeasuredEvents("purchase", MeasureOf.Value)));
        fold.Apply(Exposure(1, unit: 1, "on", version: 1, at: 0));
        fold.Apply(Event(1, "purchase", unit: 1, at: 1) with { ValueMicroUnits = long.MaxValue });
        fold.Apply(Event(2, "purchase", unit: 1, at: 1) with { ValueMicroUnits = long.MaxValue });

        var cell = fold.Read().ShouldHaveSingleItem();

        cell.SaturatedUnits.ShouldBe(1);
        cell.Sums.MPost.ShouldBe(1_000_000_000_000_000);
        fold.Apply(Event(3, "purchase", unit: 1, at: 1) with { ValueMicroUnits = -long.MaxValue });
        fold.Apply(Event(4, "purchase", unit: 1, at: 1) with { ValueMicroUnits = -long.MaxValue });
        var again = fold.Read().ShouldHaveSingleItem();
        (again.SaturatedUnits, again.Sums.MPost).ShouldBe((0, 0));
    }

    [Fact]
    public void a_quantile_keeps_its_events_in_buckets_and_their_clustering_in_units()
    {
        var fold = Fold(new MetricDefinition("p50", "p50.", MetricKind.Quantile, new MeasuredEvents(null, MeasureOf.Duration), Quantile: 0.5));
        fold.Apply(Request(1, unit: 1, at: 1, microseconds: 100));
        fold.Apply(Request(2, unit: 1, at: 2, microseconds: 110));
        fold.Apply(Request(3, unit: 2, at: 2, microseconds: 120));
        fold.Apply(Request(4, unit: 2, at: -1, microseconds: 5));
        fold.Apply(Exposure(2, unit: 2, "on", version: 1, at: 0));
        fold.Apply(Exposure(1, unit: 1, "off", version: 1, at: 1));
        fold.Apply(Exposure(3, unit: 1, "on", version: 1, at: 0, receivedAt: 5));

        var quantile = fold.Read().ShouldHaveSingleItem().Quantile.ShouldNotBeNull();

        quantile.Values.ShouldBe([new ValueBucket(100, 101, 1), new ValueBucket(110, 111, 1), new ValueBucket(120, 121, 1)]);
        (quantile.AtMost.N, quantile.AtMost.MPost, quantile.AtMost.DPost).ShouldBe((2, 2_000_000, 3_000_000));
    }

    private static MomentFold Fold(MetricDefinition definition) =>
        new("production", "checkout", 1, new MeasurePlan([new MetricToMeasure("m", definition)]), new FoldLimits());
}
