using System.Text.Json;
using CsCheck;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Tests.Health;

/// <summary>The fold is a function of the two sets of rows, and it is the one that <see cref="Oracle"/> writes down.</summary>
public sealed class FoldProperties
{
    private const int Cases = 10_000;
    /// <summary>Times and delays are multiples of this many seconds, so that they often meet.</summary>
    private const int Step = 600;

    private static readonly string[] Variants = ["a", "b", "on"];
    private static readonly string[] Flags = ["checkout", "search"];
    private static readonly GetReleaseHealth[] Questions =
    [
        new("production", "checkout", "on", 1),
        new("production", "checkout", "a", 2),
        new("production", "search", "on", 1),
        new("production", "nobody", "on", 1),
    ];

    private static readonly Gen<RecordedExposure> AnExposure =
        from id in Gen.Int[1, 12]
        from unit in Gen.ULong[1, 4]
        from variant in OneOf(Variants)
        from flag in OneOf(Flags)
        from version in Gen.Long[1, 3]
        from step in Gen.Int[0, 20]
        from delay in Gen.Int[0, 6]
        select Rows.Exposure(id, unit, variant, version, step * Step, flag, receivedAt: (step + delay) * Step);

    private static readonly Gen<EvaluatedFlag[]> Evaluated =
        from count in Gen.Int[0, 2]
        from variants in OneOf(Variants).Array[2]
        from versions in Gen.Long[1, 3].Array[2]
        select Flags.Take(count).Select((flag, i) => new EvaluatedFlag(flag, variants[i], versions[i])).ToArray();

    private static readonly Gen<MetricEvent> AnEvent =
        from id in Gen.Int[1, 16]
        from unit in Gen.ULong[1, 4]
        from step in Gen.Int[0, 20]
        from delay in Gen.Int[0, 6]
        from name in OneOf(["request", "purchase", "signup"])
        from request in Gen.Bool
        from microseconds in Gen.Long[0, 5_000_000]
        from timed in Gen.Bool
        from failed in Gen.Bool
        from flags in Gen.Null(Evaluated)
        select Rows.Event(id, name, unit, step * Step, (step + delay) * Step) with
        {
            DurationMicroseconds = request && timed ? microseconds : null,
            Failed = request ? failed : null,
            Flags = flags,
        };

    /// <summary>Sets of rows with distinct ids, and an order with repeats in which they arrive.</summary>
    private static readonly Gen<(object[] Rows, object[] Arrival, bool[] Settled)> Traffic =
        from exposures in AnExposure.Array[0, 12]
        from events in AnEvent.Array[0, 16]
        let rows = exposures.DistinctBy(e => e.Id).Concat<object>(events.DistinctBy(e => e.Id)).ToArray()
        from repeats in Gen.Int[0, Math.Max(0, rows.Length - 1)].Array[0, rows.Length / 4]
        from arrival in Gen.Shuffle(rows.Concat(repeats.Where(_ => rows.Length > 0).Select(i => rows[i])).ToArray())
        from settled in Gen.Bool.Array[arrival.Length]
        select (rows, arrival, settled);

    [Fact]
    public void any_order_with_any_repeats_gives_the_numbers_of_the_sets() => Traffic.Sample(
        traffic =>
        {
            var fold = Fold(traffic.Arrival);
            foreach (var question in Questions)
                Same(fold.Read(question, Rows.Start, Rows.Start), Expected(question, traffic.Rows));
        },
        iter: Cases);

    [Fact]
    public void forgetting_what_is_settled_changes_no_number() => Traffic.Sample(
        traffic =>
        {
            // In the order of receipt, as the logs deliver; whatever was received is settled at once, at random moments.
            var arrival = traffic.Arrival.OrderBy(ReceivedAt).ToArray();
            var fold = new ReleaseFold(new FoldLimits { Lateness = TimeSpan.FromSeconds(6 * Step) });
            for (var i = 0; i < arrival.Length; i++)
            {
                if (traffic.Settled[i])
                    fold.Settle(ReceivedAt(arrival[i]));
                Apply(fold, arrival[i]);
            }

            foreach (var question in Questions)
                Same(fold.Read(question, Rows.Start, Rows.Start), Expected(question, traffic.Rows));
        },
        iter: Cases);

    [Fact]
    public void units_that_are_counted_no_more_leave_the_numbers_of_what_they_did_before() => Traffic.Sample(
        traffic =>
        {
            var (fold, counted) = (new ReleaseFold(new FoldLimits()), new List<object>());
            for (var i = 0; i < traffic.Arrival.Length; i++)
            {
                if (traffic.Settled[i] && fold.Sample.Halvings < 3)
                    fold.Thin();
                if (fold.Sample.Has(UnitOf(traffic.Arrival[i])))
                    counted.Add(traffic.Arrival[i]);
                Apply(fold, traffic.Arrival[i]);
            }

            foreach (var question in Questions)
                SameButForLastTraffic(fold.Read(question, Rows.Start, Rows.Start), Expected(question, [.. counted.Distinct()]), fold.Sample);
        },
        iter: Cases);

    private static void SameButForLastTraffic(ReleaseHealth actual, ReleaseHealth expected, UnitSample sample)
    {
        actual.UnitShare.ShouldBe(sample.Share);
        Same(Comparable(actual), Comparable(expected));
    }

    private static ReleaseHealth Comparable(ReleaseHealth health) => health with
    {
        UnitShare = 1,
        LastExposureAt = null,
        LastEventAt = null,
        Epochs = [.. health.Epochs.Select(epoch => epoch with { Released = epoch.Released with { UnitsLeft = 0 }, Control = epoch.Control with { UnitsLeft = 0 } })],
    };

    private static ulong UnitOf(object row) => row is RecordedExposure exposure ? exposure.UnitHash : ((MetricEvent)row).UnitHash;

    private static ReleaseFold Fold(IEnumerable<object> arrival)
    {
        var fold = new ReleaseFold(new FoldLimits());
        foreach (var row in arrival)
            Apply(fold, row);
        return fold;
    }

    private static void Apply(ReleaseFold fold, object row)
    {
        if (row is RecordedExposure exposure)
            fold.Apply(exposure);
        else
            fold.Apply((MetricEvent)row);
    }

    private static DateTimeOffset ReceivedAt(object row) => row is RecordedExposure exposure ? exposure.ReceivedAt : ((MetricEvent)row).ReceivedAt;

    private static ReleaseHealth Expected(GetReleaseHealth question, object[] rows) =>
        Oracle.Read(question, rows.OfType<RecordedExposure>().ToList(), rows.OfType<MetricEvent>().ToList());

    private static Gen<string> OneOf(string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static void Same(ReleaseHealth actual, ReleaseHealth expected) => Text(actual).ShouldBe(Text(expected));

    private static string Text(ReleaseHealth health) => JsonSerializer.Serialize(health with { Epochs = [.. health.Epochs.Select(Sorted)] });

    private static EpochHealth Sorted(EpochHealth epoch) => epoch with { Released = Sorted(epoch.Released), Control = Sorted(epoch.Control) };

    private static ArmHealth Sorted(ArmHealth arm) => arm with { Conversions = new SortedDictionary<string, long>(arm.Conversions.ToDictionary(), StringComparer.Ordinal) };
}
