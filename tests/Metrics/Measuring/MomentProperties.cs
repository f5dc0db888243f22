using CsCheck;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Tests.Health;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>The moments are a function of the two sets of rows, and the one that <see cref="Expected"/> writes down.</summary>
public sealed class MomentProperties
{
    private const int Step = 600;

    private static readonly MetricToMeasure[] Metrics =
    [
        Folds.Metric("bought", MetricKind.Conversion, new("purchase"), windowSeconds: 5 * Step),
        Folds.Metric("revenue", MetricKind.Mean, new("purchase", MeasureOf.Value), cap: 700),
        Folds.Metric("big-orders", MetricKind.Count, new("purchase", Where: [new("items", PropertyComparison.AtLeast, ["2"])])),
        Folds.Metric("per-order", MetricKind.Ratio, new("purchase", MeasureOf.Value), new("purchase")),
        Folds.Metric("errors", MetricKind.Ratio, new(null, MeasureOf.Failures), new(null)),
    ];

    private static readonly MetricToMeasure[] WithQuantiles =
    [
        .. Metrics,
        Folds.Metric("p50", MetricKind.Quantile, new("purchase", MeasureOf.Value), quantile: 0.5),
        Folds.Metric("p95", MetricKind.Quantile, new(null, MeasureOf.Failures), windowSeconds: 9 * Step, quantile: 0.95),
    ];

    private static readonly Gen<RecordedExposure> AnExposure =
        from id in Gen.Int[1, 30]
        from unit in Gen.ULong[1, 4]
        from variant in Gen.Int[0, 1]
        from version in Gen.Long[1, 3]
        from step in Gen.Int[0, 20]
        from delay in Gen.Int[0, 6]
        select Rows.Exposure(id, unit, variant == 0 ? "off" : "on", version, step * Step, receivedAt: (step + delay) * Step);

    private static readonly Gen<MetricEvent> AnEvent =
        from id in Gen.Int[1, 30]
        from unit in Gen.ULong[1, 4]
        from step in Gen.Int[0, 25]
        from delay in Gen.Int[0, 6]
        from request in Gen.Bool
        from failed in Gen.Bool
        from value in Gen.Nullable(Gen.Long[-500_000_000, 900_000_000])
        from items in Gen.Int[0, 4]
        select Rows.Event(id, request ? "request" : "purchase", unit, step * Step, (step + delay) * Step) with
        {
            Failed = request ? failed : null,
            ValueMicroUnits = value,
            Properties = items == 0 ? null : $$"""{"items":{{items}}}""",
        };

    private static readonly Gen<(object[] Rows, object[] Arrival)> Traffic =
        from exposures in AnExposure.Array[0, 12]
        from events in AnEvent.Array[0, 20]
        let rows = exposures.DistinctBy(e => e.Id).Concat<object>(events.DistinctBy(e => e.Id)).ToArray()
        from repeats in Gen.Int[0, Math.Max(0, rows.Length - 1)].Array[0, rows.Length / 4]
        from arrival in Gen.Shuffle(rows.Concat(repeats.Where(_ => rows.Length > 0).Select(i => rows[i])).ToArray())
        select (rows, arrival);

    /// <summary>Values that outgrow Int64 together, so that sums are kept beside their columns for a while.</summary>
    private static readonly Gen<long?> Any =
        from pick in Gen.Int[0, 4]
        from small in Gen.Long[-900, 900]
        select pick switch { 0 => (long?)null, 1 => small, 2 => long.MaxValue, 3 => -long.MaxValue, _ => 1L << 62 };

    [Fact]
    public void any_order_with_any_repeats_gives_bit_identical_sums() => Traffic.Sample(
        traffic => Folds.Text(Folds.Of(2, Metrics).With(traffic.Arrival).Read()).ShouldBe(Folds.Text(Expected(traffic.Rows))),
        iter: 10_000);

    [Fact]
    public void a_restart_from_a_snapshot_at_any_points_gives_bit_identical_sums() => Gen.Select(Traffic, Gen.Int[0, 40].Array[1, 3]).Sample(
        (traffic, cuts) =>
        {
            var fold = Folds.Of(2, WithQuantiles);
            foreach (var (at, row) in traffic.Arrival.Index())
            {
                fold.With([row]);
                if (cuts.Contains(at))
                    fold = fold.Restored();
            }

            Folds.Text(fold.Read()).ShouldBe(Folds.Text(Folds.Of(2, WithQuantiles).With(traffic.Rows).Read()));
        },
        iter: 3_000);

    [Fact]
    public void sums_that_outgrow_their_column_for_a_while_come_out_the_same() => Gen.Select(Traffic, Any.Array[25]).Sample(
        (traffic, values) =>
        {
            object Large(object row) => row is MetricEvent e ? e with { ValueMicroUnits = values[e.Position % 25] } : row;
            var arrived = Folds.Of(2, WithQuantiles).With(traffic.Arrival.Select(Large)).Restored();
            Folds.Text(arrived.Read()).ShouldBe(Folds.Text(Folds.Of(2, WithQuantiles).With(traffic.Rows.Reverse().Select(Large)).Read()));
        },
        iter: 3_000);

    private static IReadOnlyList<MomentCell> Expected(object[] rows)
    {
        var firsts = rows.OfType<RecordedExposure>().Where(e => e.FlagVersion >= 2).GroupBy(e => e.UnitHash)
            .Select(unit => unit.OrderBy(e => e.Time).ThenBy(e => e.FlagVersion).ThenBy(e => e.Variant, StringComparer.Ordinal).First()).ToList();
        var events = rows.OfType<MetricEvent>().ToList();
        return
        [
            .. firsts.GroupBy(first => (first.FlagVersion, first.Variant)).OrderBy(arm => arm.Key.FlagVersion).ThenBy(arm => arm.Key.Variant, StringComparer.Ordinal)
                .SelectMany(arm => Metrics.Select(metric => new MomentCell(
                    arm.Key.FlagVersion, arm.Key.Variant, metric.Key,
                    Sums(arm.Select(first => Value(metric.Definition, first, events.Where(e => e.UnitHash == first.UnitHash).ToList()))), 0, null))),
        ];
    }

    private static long[] Value(MetricDefinition d, RecordedExposure first, List<MetricEvent> events)
    {
        var window = d.WindowSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromDays(1_000);
        var post = events.Where(e => e.Time >= first.Time && e.Time < first.Time + window).ToList();
        var pre = events.Where(e => e.Time < first.Time && e.Time >= first.Time.AddDays(-14)).ToList();
        long Shaped(long sum) => d.Kind == MetricKind.Conversion ? Math.Min(sum, 1_000_000) : d.Cap is { } cap ? Math.Min(sum, (long)(cap * 1_000_000)) : sum;
        var covariate = d.Kind == MetricKind.Ratio ? Total(d.Per, pre) : Counted(d.Measure, pre).Any() ? 1_000_000 : 0;
        return [Shaped(Total(d.Measure, post)), Total(d.Per, post), Shaped(Total(d.Measure, pre)), covariate];
    }

    private static IEnumerable<MetricEvent> Counted(MeasuredEvents what, List<MetricEvent> events) => events
        .Where(e => what.Event is null ? e.Failed is not null : e.Name == what.Event)
        .Where(e => what.Where is null || (e.Properties is { } p && int.Parse(p[9..^1], System.Globalization.CultureInfo.InvariantCulture) >= 2))
        .Where(e => what.Of switch { MeasureOf.Value => e.ValueMicroUnits is not null, MeasureOf.Failures => e.Failed == true, _ => true });

    private static long Total(MeasuredEvents? what, List<MetricEvent> events) =>
        what is null ? 0 : Counted(what, events).Sum(e => what.Of == MeasureOf.Value ? e.ValueMicroUnits!.Value : 1_000_000);

    private static MomentSums Sums(IEnumerable<long[]> units)
    {
        var all = units.ToList();
        Int128 S(int a) => all.Aggregate(Int128.Zero, (sum, v) => sum + v[a]);
        Int128 P(int a, int b) => all.Aggregate(Int128.Zero, (sum, v) => sum + ((Int128)v[a] * v[b]));
        return new MomentSums(all.Count, S(0), S(1), S(2), S(3), P(0, 0), P(0, 1), P(0, 2), P(0, 3), P(1, 1), P(1, 2), P(1, 3), P(2, 2), P(2, 3), P(3, 3));
    }
}
