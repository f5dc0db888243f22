using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;
using static Delivery.Metrics.Tests.Health.Rows;

namespace Delivery.Metrics.Tests.Health;

/// <summary>Each law of the fold by example; <see cref="FoldProperties"/> holds them on random rows.</summary>
public sealed class ReleaseFoldTests
{
    private readonly ReleaseFold _fold = new(new FoldLimits());

    [Fact]
    public void exposures_are_counted_by_version_and_arm_and_units_once()
    {
        _fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 2, at: 5));
        _fold.Apply(Exposure(3, unit: 2, "off", version: 2, at: 1));
        _fold.Apply(Exposure(4, unit: 1, "on", version: 3, at: 9));

        var health = Read();

        health.Epochs.Select(e => e.FlagVersion).ShouldBe([2, 3]);
        (health.Epochs[0].Released.Exposures, health.Epochs[0].Released.Units).ShouldBe((2, 1));
        (health.Epochs[0].Control.Exposures, health.Epochs[0].Control.Units).ShouldBe((1, 1));
        (health.Epochs[1].Released.Exposures, health.Epochs[1].Control.Exposures).ShouldBe((1, 0));
        health.LastExposureAt.ShouldBe(At(9));
        health.LastEventAt.ShouldBeNull();
        health.FirstBadExposureAt.ShouldBeNull();
    }

    [Fact]
    public void versions_before_the_release_are_left_out()
    {
        _fold.Apply(Exposure(1, unit: 1, "on", version: 1, at: 0));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 4, at: 1));

        Read(fromVersion: 2).Epochs.ShouldHaveSingleItem().FlagVersion.ShouldBe(4);
    }

    [Fact]
    public void a_flag_nobody_met_has_no_data()
    {
        var health = Read();

        health.Epochs.ShouldBeEmpty();
        health.LastExposureAt.ShouldBeNull();
    }

    [Fact]
    public void a_repeated_id_changes_nothing_even_with_another_content()
    {
        _fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0));
        _fold.Apply(Exposure(1, unit: 2, "off", version: 2, at: 3));
        _fold.Apply(Request(1, unit: 1, at: 1, failed: true));
        _fold.Apply(Request(1, unit: 1, at: 2, failed: true));

        var epoch = Read().Epochs.ShouldHaveSingleItem();
        (epoch.Released.Exposures, epoch.Control.Exposures, epoch.Released.Errors).ShouldBe((1, 0, 1));
        _fold.Tally.ShouldBe(new FoldTally(Counted: 2, Repeated: 2));
    }

    [Fact]
    public void a_request_counts_for_the_flags_it_evaluated_whatever_its_unit_was_exposed_to()
    {
        _fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0));
        _fold.Apply(Request(1, unit: 1, at: 5, microseconds: 250_000, failed: true, new EvaluatedFlag("checkout", "off", 2), new EvaluatedFlag("search", "fast", 7)));

        var epoch = Read().Epochs.ShouldHaveSingleItem();
        epoch.Released.Requests.ShouldBe(0);
        (epoch.Control.Requests, epoch.Control.Errors, epoch.Control.FailingUnits).ShouldBe((1, 1, 1));
        _fold.Read(new GetReleaseHealth("production", "search", "fast", 1), Start, Start).Epochs.ShouldHaveSingleItem().Released.Errors.ShouldBe(1);
    }

    [Fact]
    public void a_request_without_flags_counts_for_what_its_unit_was_exposed_to_then()
    {
        _fold.Apply(Exposure(1, unit: 1, "off", version: 2, at: 10));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 3, at: 20));
        _fold.Apply(Request(1, unit: 1, at: 5));
        _fold.Apply(Request(2, unit: 1, at: 10));
        _fold.Apply(Request(3, unit: 1, at: 19));
        _fold.Apply(Request(4, unit: 1, at: 20, failed: true));

        var epochs = Read().Epochs;
        (epochs[0].Control.Requests, epochs[1].Released.Requests, epochs[1].Released.Errors).ShouldBe((2, 1, 1));
    }

    [Fact]
    public void a_late_exposure_takes_over_the_requests_that_came_after_it()
    {
        _fold.Apply(Exposure(1, unit: 1, "off", version: 2, at: 0));
        _fold.Apply(Request(1, unit: 1, at: 10, microseconds: 100, failed: true));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 3, at: 5, receivedAt: 600));

        var epochs = Read().Epochs;
        (epochs[0].Control.Requests, epochs[0].Control.Errors, epochs[0].Control.FailingUnits).ShouldBe((0, 0, 0));
        epochs[0].Control.Latency.ShouldBeEmpty();
        (epochs[1].Released.Requests, epochs[1].Released.Errors, epochs[1].Released.FailingUnits).ShouldBe((1, 1, 1));
        Read().FirstBadExposureAt.ShouldBe(At(10));
    }

    [Fact]
    public void an_event_before_the_exposure_is_no_conversion_and_one_unit_converts_once()
    {
        _fold.Apply(Event(1, "purchase", unit: 1, at: 1));
        _fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 2));
        Released().Conversions.ShouldBeEmpty();

        _fold.Apply(Event(2, "purchase", unit: 1, at: 3));
        _fold.Apply(Event(3, "purchase", unit: 1, at: 4));
        Released().Conversions["purchase"].ShouldBe(1);
    }

    [Fact]
    public void a_conversion_belongs_to_the_variant_that_the_unit_met_first_in_the_version()
    {
        _fold.Apply(Exposure(1, unit: 1, "off", version: 2, at: 10));
        _fold.Apply(Event(1, "purchase", unit: 1, at: 20));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 2, at: 5, receivedAt: 30));

        var epoch = Read().Epochs.ShouldHaveSingleItem();
        epoch.Control.Conversions.ShouldBeEmpty();
        epoch.Released.Conversions["purchase"].ShouldBe(1);
    }

    [Fact]
    public void a_unit_that_met_several_control_variants_is_one_unit_of_the_control_arm()
    {
        _fold.Apply(Exposure(1, unit: 1, "a", version: 2, at: 0));
        _fold.Apply(Exposure(2, unit: 1, "b", version: 2, at: 1));
        _fold.Apply(Exposure(3, unit: 1, "c", version: 2, at: 2));
        _fold.Apply(Exposure(4, unit: 2, "a", version: 2, at: 2));
        _fold.Apply(Exposure(5, unit: 1, "on", version: 2, at: 3));

        var epoch = Read().Epochs.ShouldHaveSingleItem();
        (epoch.Control.Exposures, epoch.Control.Units, epoch.Released.Units).ShouldBe((4, 2, 1));
    }

    [Fact]
    public void latency_is_known_to_within_one_percent_and_edges_agree()
    {
        _fold.Apply(Request(1, unit: 1, at: 0, microseconds: 321_987, failed: null, new EvaluatedFlag("checkout", "on", 2)));
        _fold.Apply(Request(2, unit: 2, at: 0, microseconds: 321_987, failed: null, new EvaluatedFlag("checkout", "off", 2)));

        var epoch = Read().Epochs.ShouldHaveSingleItem();
        var bucket = epoch.Released.Latency.ShouldHaveSingleItem();
        bucket.ShouldBe(epoch.Control.Latency.ShouldHaveSingleItem());
        bucket.FromMicroseconds.ShouldBeLessThanOrEqualTo(321_987);
        bucket.ToMicroseconds.ShouldBeGreaterThan(321_987);
        (bucket.ToMicroseconds - bucket.FromMicroseconds).ShouldBeLessThan(2 * 3_219);
    }

    [Fact]
    public void rows_too_late_or_from_the_future_are_tallied_and_not_counted()
    {
        var day = 86_400;
        _fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0, receivedAt: 3 * day + 1));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 2, at: day + 1, receivedAt: 0));
        _fold.Apply(Event(3, "purchase", unit: 1, at: 0, receivedAt: 3 * day));

        Read().Epochs.ShouldBeEmpty();
        _fold.Tally.ShouldBe(new FoldTally(Counted: 1, TooLate: 1, FromTheFuture: 1));
    }

    [Fact]
    public void rows_that_need_more_cells_than_allowed_are_tallied()
    {
        var fold = new ReleaseFold(new FoldLimits { MostCells = 1, MostNames = 1 });
        fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0));
        fold.Apply(Exposure(2, unit: 1, "on", version: 3, at: 0));
        fold.Apply(Event(1, "purchase", unit: 1, at: 0));
        fold.Apply(Event(2, "refund", unit: 1, at: 0));

        fold.Tally.ShouldBe(new FoldTally(Counted: 2, OverLimit: 2));
        fold.Cells.ShouldBe(1);
    }

    [Fact]
    public void a_fold_that_must_hold_less_keeps_its_counts_and_waits_half_as_long()
    {
        var hour = 3_600;
        var fold = new ReleaseFold(new FoldLimits { Lateness = TimeSpan.FromHours(4) });
        fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0));
        fold.Apply(Event(1, "purchase", unit: 1, at: hour));
        // Four hours are remembered; the events' log is a while behind.
        fold.Apply(Exposure(2, unit: 1, "on", version: 2, at: 4 * hour));
        fold.Shorten(TimeSpan.FromHours(4));
        (fold.Limits.Lateness, fold.Limits.ClockAhead, fold.Limits.Configured.Lateness).ShouldBe((TimeSpan.FromHours(2), TimeSpan.FromHours(2), TimeSpan.FromHours(4)));

        fold.Apply(Event(1, "purchase", unit: 1, at: hour, receivedAt: 3 * hour));
        fold.Apply(Event(2, "purchase", unit: 1, at: hour, receivedAt: (3 * hour) + 1));
        fold.Apply(Exposure(3, unit: 2, "on", version: 2, at: 5 * hour, receivedAt: 7 * hour));

        fold.Tally.ShouldBe(new FoldTally(Counted: 4, Repeated: 1, TooLate: 1));
        fold.Shorten(TimeSpan.FromHours(4));
        fold.Limits.Lateness.ShouldBe(TimeSpan.FromHours(1), "at most half as long as before");
        fold.Shorten(TimeSpan.FromSeconds(1));
        fold.Limits.Lateness.ShouldBe(TimeSpan.FromMinutes(1));
        fold.Shorten(TimeSpan.FromSeconds(1));
        (fold.Limits.IsShortest, fold.Limits.Lateness).ShouldBe((true, FoldLimits.Shortest));
    }

    [Fact]
    public void forgetting_frees_what_requests_took()
    {
        var fold = new ReleaseFold(new FoldLimits { Lateness = TimeSpan.FromMinutes(1) });
        for (var i = 0; i < 10_000; i++)
            fold.Apply(Request(i, unit: 1, at: i / 100));
        fold.Apply(Exposure(1, unit: 2, "on", version: 2, at: 0));
        fold.UnitBytes.ShouldBe((2 * UnitRecord.Bytes) + UnitFlag.Bytes);
        var full = fold.WaitingBytes;

        fold.Settle(At(86_400));
        fold.Forget(At(86_400));

        fold.WaitingBytes.ShouldBeLessThanOrEqualTo(full - (10_000 * 24));
        fold.Forget(Start.AddDays(31)).ShouldBe(1);
        (fold.Units, fold.UnitBytes).ShouldBe((0, 0));
    }

    [Fact]
    public void what_a_unit_met_again_and_again_is_held_until_it_is_settled()
    {
        var fold = new ReleaseFold(new FoldLimits { Lateness = TimeSpan.FromMinutes(1) });
        var once = 0L;
        for (var i = 0; i < 1_000; i++)
        {
            fold.Apply(Exposure(i, unit: 1, "on", version: 2, at: i));
            once = i == 0 ? fold.WaitingBytes : once;
        }

        var ids = fold.WaitingBytes;
        fold.Apply(Exposure(1_000, unit: 1, "on", version: 2, at: 999));
        fold.Apply(Exposure(1_001, unit: 1, "on", version: 2, at: 999));
        fold.WaitingBytes.ShouldBe(ids, "the same exposure at the same time changes nothing");
        (ids - once).ShouldBeGreaterThan(1_000 * (16 + 16));

        fold.Settle(At(100_000));
        fold.Forget(At(100_000));

        fold.WaitingBytes.ShouldBeLessThanOrEqualTo(ids - (1_000 * 16));
        fold.UnitBytes.ShouldBe(UnitRecord.Bytes + UnitFlag.Bytes);
        fold.Apply(Request(1, unit: 1, at: 99_990, failed: true));
        fold.Read(new GetReleaseHealth("production", "checkout", "on", 1), Start, Start).Epochs[0].Released.Errors.ShouldBe(1);
    }

    [Fact]
    public void a_fold_that_knows_too_many_units_counts_half_of_them_from_then_on()
    {
        const ulong Units = 10_000;
        for (var unit = 0UL; unit < Units; unit++)
        {
            _fold.Apply(Exposure((int)unit, unit, unit % 2 == 0 ? "on" : "off", version: 2, at: 0));
            _fold.Apply(Request((int)unit, unit, at: 1, failed: unit < 100));
        }

        var (units, waiting) = (_fold.UnitBytes, _fold.WaitingBytes);

        _fold.Thin();

        var before = Read().Epochs.ShouldHaveSingleItem();
        (before.Released.Units + before.Control.Units, before.Released.Requests + before.Control.Requests, before.Released.FailingUnits + before.Control.FailingUnits)
            .ShouldBe(((long)Units, (long)Units, 100));
        Read().FirstBadExposureAt.ShouldBe(At(1));
        Read().UnitShare.ShouldBe(0.5);
        ((double)_fold.UnitBytes / units).ShouldBeInRange(0.45, 0.55);
        _fold.WaitingBytes.ShouldBeLessThan(waiting);

        for (var unit = 0UL; unit < Units; unit++)
            _fold.Apply(Exposure((int)(Units + unit), unit, unit % 2 == 0 ? "on" : "off", version: 3, at: 2));
        var after = Read().Epochs[1];
        ((double)after.Released.Units / (Units / 2)).ShouldBeInRange(0.45, 0.55);
        ((double)after.Control.Units / (Units / 2)).ShouldBeInRange(0.45, 0.55);
        _fold.Tally.NotSampled.ShouldBe((long)Units - after.Released.Units - after.Control.Units);
        Read().LastExposureAt.ShouldBe(At(2));
        (after.Released.UnitsLeft, Math.Abs(before.Released.UnitsLeft + before.Control.UnitsLeft - _fold.Tally.NotSampled)).ShouldBe((0, 0));
        _fold.Apply(Request(-1, NotSampled(), at: 9, failed: false, flags: new EvaluatedFlag("checkout", "on", 3)));
        Read().LastEventAt.ShouldBe(At(9), "there is traffic, whoever is counted");
        while (_fold.Sample.CanHalve)
            _fold.Thin();
        _fold.Units.ShouldBeInRange(1, 10, "one of 4,096, and 0 is in every sample");
    }

    [Fact]
    public void a_flag_without_traffic_and_question_is_dropped_and_one_that_is_asked_for_stays()
    {
        _fold.Apply(Exposure(1, unit: 1, "on", version: 2, at: 0));
        _fold.Apply(Exposure(2, unit: 1, "on", version: 2, at: 0, flag: "search"));
        var later = Start.AddDays(29);
        _fold.Read(new GetReleaseHealth("production", "search", "on", 1), later, later);

        _fold.Forget(Start.AddDays(31)).ShouldBe(1);

        Read().Epochs.ShouldBeEmpty();
        _fold.Read(new GetReleaseHealth("production", "search", "on", 1), later, later).Epochs.ShouldHaveSingleItem();
        (_fold.Cells, _fold.Units).ShouldBe((1, 1));
        _fold.Forget(Start.AddDays(90)).ShouldBe(1);
        (_fold.Cells, _fold.Units).ShouldBe((0, 0));
    }

    private ulong NotSampled() => Enumerable.Range(1, 100).Select(unit => (ulong)unit).First(unit => !_fold.Sample.Has(unit));

    [Fact]
    public void what_was_taken_is_given_back()
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var (unit, at) = ((ulong)random.Next(500), random.Next(3_600));
            switch (random.Next(4))
            {
                case 0:
                    _fold.Apply(Request(i, unit, at, failed: random.Next(3) == 0));
                    break;
                case 1:
                    _fold.Apply(Request(i, unit, at, 100, random.Next(3) == 0, new EvaluatedFlag("checkout", random.Next(2) == 0 ? "a" : "b", 2)));
                    break;
                case 2:
                    _fold.Apply(Event(i, random.Next(2) == 0 ? "purchase" : "signup", unit, at));
                    break;
                default:
                    _fold.Apply(Exposure(i, unit, random.Next(2) == 0 ? "on" : "off", random.Next(1, 3), at, random.Next(2) == 0 ? "checkout" : "search"));
                    break;
            }

            if (i == 10_000)
                _fold.Thin();
            if (i % 4_000 == 3_999)
                _fold.Settle(At(random.Next(3_600)));
        }

        (_fold.Held.Waiting, _fold.UnitBytes).ShouldSatisfyAllConditions(held => held.Item1.ShouldBeGreaterThan(10_000), held => held.UnitBytes.ShouldBeGreaterThan(10_000));
        _fold.Settle(At(86_400 * 10));
        _fold.Forget(Start.AddDays(31)).ShouldBe(2);
        (_fold.Held.Waiting, _fold.UnitBytes, _fold.Units).ShouldBe((0, 0, 0));
    }

    private ArmHealth Released() => Read().Epochs.ShouldHaveSingleItem().Released;

    private ReleaseHealth Read(long fromVersion = 1) =>
        _fold.Read(new GetReleaseHealth("production", "checkout", "on", fromVersion), Start, Start);
}
