using Delivery.Contracts.Metrics;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using static Delivery.Metrics.Tests.Health.Rows;

namespace Delivery.Metrics.Tests.Measuring;

public sealed class MomentFoldTests
{
    private static readonly MetricToMeasure Revenue = Folds.Metric("revenue", MetricKind.Mean, new MeasuredEvents("purchase", MeasureOf.Value));
    private static readonly MetricToMeasure Median = Folds.Metric("p50", MetricKind.Quantile, new MeasuredEvents(null, MeasureOf.Duration), quantile: 0.5);

    [Fact]
    public void a_unit_beyond_the_bound_is_counted_as_the_bound_and_refused_with_its_reason()
    {
        var fold = Folds.Of(1, Revenue);
        fold.Apply(Exposure(1, unit: 1, "on", version: 1, at: 0));
        fold.Apply(Event(1, "purchase", unit: 1, at: 1) with { ValueMicroUnits = long.MaxValue });
        fold.Apply(Event(2, "purchase", unit: 1, at: 1) with { ValueMicroUnits = long.MaxValue });
        fold = fold.Restored();

        var cell = fold.Read().ShouldHaveSingleItem();

        (cell.SaturatedUnits, cell.Refusal).ShouldBe((1, MomentRefusal.Saturated));
        cell.Sums.MPost.ShouldBe(1_000_000_000_000_000);
        fold.Apply(Event(3, "purchase", unit: 1, at: 1) with { ValueMicroUnits = -long.MaxValue });
        fold.Apply(Event(4, "purchase", unit: 1, at: 1) with { ValueMicroUnits = -long.MaxValue });
        var again = fold.Read().ShouldHaveSingleItem();
        (again.SaturatedUnits, again.Sums.MPost, again.Refusal).ShouldBe((0, 0, null));
    }

    [Fact]
    public void a_quantile_keeps_its_events_in_buckets_and_their_clustering_in_units()
    {
        var fold = Folds.Of(1, Median);
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

    [Fact]
    public void negative_values_count_in_sums_and_have_no_place_in_a_quantile()
    {
        var values = Folds.Metric("p50-value", MetricKind.Quantile, new MeasuredEvents("purchase", MeasureOf.Value), quantile: 0.5);
        var fold = Folds.Of(1, Revenue, values);
        fold.Apply(Exposure(1, unit: 1, "on", version: 1, at: 0));
        fold.Apply(Event(1, "purchase", unit: 1, at: 1) with { ValueMicroUnits = -3 });

        var cells = fold.Read();

        (cells[0].Sums.MPost, cells[0].Sums.MPostMPost).ShouldBe((-3, 9));
        cells[1].Quantile.ShouldNotBeNull().Values.ShouldBeEmpty();
    }

    [Fact]
    public void what_lies_too_long_ago_is_let_go_and_no_number_changes()
    {
        var fold = Folds.Of(1, Revenue, Median);
        var rows = new List<object>();
        for (var day = 0; day < 120; day++)
        {
            for (var i = 0; i < 200; i++)
            {
                var (at, unit) = ((day * 86_400) + i, (ulong)(i % 50));
                rows.Add(Event((day * 1_000) + i, "purchase", unit, at) with { ValueMicroUnits = i });
                if (i % 20 == 0 && day % 7 == 0)
                    rows.Add(Exposure((day * 1_000) + i, unit + (ulong)day, i % 40 == 0 ? "on" : "off", 1, at));
            }
        }

        fold.With(rows);
        var kept = fold.Size;
        var anyOrder = Folds.Of(1, Revenue, Median).With(rows.OfType<Events.MetricEvent>()).With(rows.OfType<Contracts.Exposures.RecordedExposure>());

        Folds.Text(fold.Read()).ShouldBe(Folds.Text(anyOrder.Read()));
        kept.ShouldBeLessThan(anyOrder.Size / 2);
    }

    [Fact]
    public void who_did_anything_before_exposure_is_a_covariate_of_its_own()
    {
        var orders = Folds.Metric("orders", MetricKind.Count, new MeasuredEvents("purchase"));
        var perOrder = Folds.Metric("per-order", MetricKind.Ratio, new MeasuredEvents("purchase", MeasureOf.Value), new MeasuredEvents("purchase"));
        var fold = Folds.Of(1, Revenue, orders, perOrder);
        fold.Apply([Exposure(1, unit: 1, "on", version: 1, at: 10), Exposure(2, unit: 2, "on", version: 1, at: 10), Exposure(3, unit: 3, "on", version: 1, at: 10)]);
        fold.Apply(Event(1, "purchase", unit: 1, at: 1) with { ValueMicroUnits = 0 });
        fold.Apply(Event(2, "purchase", unit: 2, at: 1) with { ValueMicroUnits = 5_000_000 });
        fold.Apply(Event(3, "purchase", unit: 2, at: 2) with { ValueMicroUnits = -5_000_000 });
        fold.Apply(Event(4, "purchase", unit: 3, at: 11) with { ValueMicroUnits = 7_000_000 });
        fold = fold.Restored();

        var cells = fold.Read();

        (cells[0].Sums.MPre, cells[0].Sums.DPre, cells[0].Sums.DPreDPre).ShouldBe((0, 2_000_000, 2_000_000_000_000), "nothing was spent, by two units");
        (cells[1].Sums.MPre, cells[1].Sums.DPre, cells[1].Sums.MPreDPre).ShouldBe((3_000_000, 2_000_000, 3_000_000_000_000));
        (cells[2].Sums.MPre, cells[2].Sums.DPre).ShouldBe((0, 3_000_000), "a ratio has its denominator there");

        // An exposure before them makes them events after it.
        fold.Apply(Exposure(4, unit: 2, "on", version: 1, at: 0, receivedAt: 12));
        fold.Read()[0].Sums.DPre.ShouldBe(1_000_000);
    }

    [Fact]
    public void flags_of_one_fold_do_not_disturb_each_other()
    {
        FollowedFlag[] followed = [new("checkout", 1, [Revenue]), new("checkout", 2, [Revenue, Median]), new("search", 1, [Revenue])];
        object[] rows =
        [
            Exposure(1, 1, "on", 1, at: 0), Exposure(2, 1, "off", 2, at: 10), Exposure(3, 1, "on", 1, at: 20, flag: "search"),
            Event(1, "purchase", 1, at: 5) with { ValueMicroUnits = 7 }, Event(2, "purchase", 1, at: 15) with { ValueMicroUnits = 11 }, Request(3, 1, at: 12, microseconds: 9),
        ];
        var together = new MomentFold("production", followed, new FoldLimits()).With(rows).Restored();

        foreach (var one in followed)
        {
            var alone = new MomentFold("production", [one], new FoldLimits()).With(rows);
            Folds.Text(together.Read(one.Flag, one.FromVersion, one.Metrics)).ShouldBe(Folds.Text(alone.Read(one.Flag, one.FromVersion, one.Metrics)));
        }

        together.Read("checkout", 1, [Revenue]).ShouldHaveSingleItem().Sums.MPost.ShouldBe(18);
        together.Read("checkout", 2, [Revenue]).ShouldHaveSingleItem().Sums.ShouldSatisfyAllConditions(s => s.MPost.ShouldBe(11), s => s.MPre.ShouldBe(7));
    }

    [Fact]
    public void a_snapshot_of_shortened_limits_goes_on_within_them_until_there_is_more_memory()
    {
        var configured = new FoldLimits { MostBytes = 2_000_000 };
        var writer = new SnapshotWriter();
        var fold = new MomentFold("production", [new FollowedFlag("checkout", 1, [Revenue])], configured.Shortened(TimeSpan.FromHours(2)));
        fold.With([Exposure(1, 1, "on", 1, at: 0), Event(1, "purchase", 1, at: 5) with { ValueMicroUnits = 7 }, Event(2, "purchase", 1, at: 5, receivedAt: 3_606) with { ValueMicroUnits = 11 }]).Write(writer);

        var restored = MomentFold.Read(new SnapshotReader(writer.Parts()), configured).ShouldNotBeNull();

        (restored.Limits.Lateness, restored.Limits.History, restored.Limits.Configured).ShouldBe((TimeSpan.FromHours(1), TimeSpan.FromHours(1), configured));
        restored.Read().ShouldHaveSingleItem().Sums.MPost.ShouldBe(7);
        MomentFold.Read(new SnapshotReader(writer.Parts()), new FoldLimits { MostBytes = 3_000_000 }).ShouldBeNull();
    }

    [Fact]
    public void a_snapshot_of_other_limits_is_not_taken_and_a_torn_one_is_found_out()
    {
        var writer = new SnapshotWriter();
        Folds.Of(1, Revenue).With([Exposure(1, 1, "on", 1, at: 0)]).Write(writer);
        var parts = writer.Parts();

        MomentFold.Read(new SnapshotReader(parts), new FoldLimits { Lateness = TimeSpan.FromDays(1) }).ShouldBeNull();
        Should.Throw<EndOfStreamException>(() => MomentFold.Read(new SnapshotReader([parts[0][..^9]]), new FoldLimits()));
    }
}
