using CsCheck;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Health;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static Delivery.Metrics.Tests.Health.Rows;

namespace Delivery.Metrics.Tests.Health;

/// <summary>What the shared fold holds stays within its share of memory, whatever comes in and whether anyone asks or not.</summary>
public sealed class LiveHealthTests
{
    private const int MostBytes = 4_000_000;
    private readonly FakeTimeProvider _time = new(Start);
    private readonly LiveHealth _health;

    public LiveHealthTests() =>
        _health = new LiveHealth(Options.Create(new FoldLimits { MostBytes = MostBytes }), _time, NullLogger<LiveHealth>.Instance);

    [Fact]
    public void no_overload_outgrows_its_share_of_memory()
    {
        // Ten minutes of 1,000 exposures a second, of 100,000 units; nobody asks, and there are no events.
        var most = 0L;
        for (var second = 0; second < 600; second++)
        {
            _time.SetUtcNow(At(second));
            _health.Fold([.. Enumerable.Range(second * 1_000, 1_000).Select(n => Exposure(n, UnitHash(n % 100_000), n % 2 == 0 ? "on" : "off", version: 2, at: second))]);
            _health.Observed(At(second), 0, 0);
            most = Math.Max(most, _health.Gauges().WaitingBytes + _health.Gauges().UnitBytes);
        }

        most.ShouldBeInRange(MostBytes / 2, MostBytes * 9 / 8);
        var held = _health.Gauges();
        held.Lateness.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMinutes(1));
        held.Tally.Rows.ShouldBe(600_000);
        held.Tally.ShouldSatisfyAllConditions(t => t.Repeated.ShouldBe(0), t => t.TooLate.ShouldBe(0), t => t.NotSampled.ShouldBeGreaterThan(0));
        var health = _health.Read(new GetReleaseHealth("production", "checkout", "on", 1));
        health.UnitShare.ShouldBeInRange(0.01, 0.5);
        var epoch = health.Epochs.ShouldHaveSingleItem();
        ((double)epoch.Released.Exposures / epoch.Control.Exposures).ShouldBeInRange(0.95, 1.05);
        (epoch.Released.Exposures + epoch.Control.Exposures).ShouldBe(held.Tally.Counted);
    }

    [Fact]
    public void a_burst_after_quiet_days_does_not_outgrow_it_either()
    {
        var most = 0L;
        for (var hour = 0; hour < 240; hour++)
            Come(hour * 3_600, [.. Enumerable.Range(hour * 10, 10).Select(n => Exposure(n, UnitHash(n), "on", version: 2, at: hour * 3_600))]);
        for (var second = 0; second < 300; second++)
            Come(864_000 + second, [.. Enumerable.Range(10_000 + (second * 2_000), 2_000).Select(n => Exposure(n, UnitHash(n % 5_000), "on", version: 2, at: 864_000 + second))]);

        most.ShouldBeLessThan(MostBytes * 9 / 8);
        var held = _health.Gauges();
        held.Lateness.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMinutes(1));
        held.Tally.ShouldSatisfyAllConditions(t => t.Repeated.ShouldBe(0), t => t.TooLate.ShouldBe(0));

        void Come(int at, RecordedExposure[] rows)
        {
            _time.SetUtcNow(At(at));
            _health.Fold(rows);
            _health.Observed(At(at), 0, 0);
            most = Math.Max(most, _health.Gauges().WaitingBytes + _health.Gauges().UnitBytes);
        }
    }

    [Fact]
    public void after_a_burst_what_it_left_goes_and_no_more_units_with_it()
    {
        for (var second = 0; second < 120; second++)
        {
            _time.SetUtcNow(At(second));
            _health.Fold([.. Enumerable.Range(second * 1_000, 1_000).Select(n => Event(n, "purchase", UnitHash(n % 2_000), at: second))]);
            _health.Observed(At(second), 0, 0);
        }

        var share = Share();
        // Two hours of a trickle of the other log.
        for (var second = 120; second < 7_320; second += 20)
        {
            _time.SetUtcNow(At(second));
            _health.Fold([Exposure(second, UnitHash(second % 100), "on", version: 2, at: second)]);
            _health.Observed(At(second), 0, 0);
        }

        Share().ShouldBe(share);
        (_health.Gauges().WaitingBytes + _health.Gauges().UnitBytes).ShouldBeLessThan(MostBytes / 2);

        double Share() => _health.Read(new GetReleaseHealth("production", "checkout", "on", 1)).UnitShare;
    }

    [Fact]
    public void a_log_goes_in_step_with_the_other_once_much_is_held()
    {
        _health.Fold([Exposure(-1, unit: 1, "on", version: 2, at: 0)]);
        _health.StepOf(FoldedLog.Exposures, At(3_600)).ShouldBe(LogStep.InStep);

        _health.Fold(Many(0, at: 100));
        _health.StepOf(FoldedLog.Exposures, At(101)).ShouldBe(LogStep.AheadOfIdle, "nobody has looked yet");
        _health.Observed(At(90), exposureHead: 10_000, eventHead: 1);
        _health.StepOf(FoldedLog.Exposures, At(101)).ShouldBe(LogStep.Ahead);
        _health.StepOf(FoldedLog.Events, At(91)).ShouldBe(LogStep.InStep);
        _health.StepOf(FoldedLog.Exposures, At(101)).ShouldBe(LogStep.InStep, "all events before the next one's 91 s are folded");

        _health.Fold([Event(1, "purchase", unit: 1, at: 91)]);
        _health.StepOf(FoldedLog.Exposures, At(102)).ShouldBe(LogStep.AheadOfIdle);
        _health.Observed(At(102), exposureHead: 10_000, eventHead: 2);
        _health.StepOf(FoldedLog.Exposures, At(102)).ShouldBe(LogStep.Ahead);
        _health.GiveUpWaiting(FoldedLog.Exposures);
        _health.StepOf(FoldedLog.Exposures, At(102)).ShouldBe(LogStep.AheadOfIdle, "nothing came of the other for long");
    }

    [Fact]
    public void two_logs_with_gaps_never_wait_for_each_other() =>
        Gen.Select(Gen.Int[0, 90].Array[1, 20], Gen.Int[0, 90].Array[1, 20], Gen.Bool.Array[60]).Sample(
            (exposureGaps, eventGaps, turns) =>
            {
                var health = new LiveHealth(Options.Create(new FoldLimits { MostBytes = MostBytes }), _time, NullLogger<LiveHealth>.Instance);
                health.Fold(Many(0, at: 0));
                var exposures = new Queue<int>(Times(exposureGaps));
                var events = new Queue<int>(Times(eventGaps));
                health.Observed(At(0), 10_000 + exposures.Count, events.Count);
                var (exposurePosition, eventPosition) = (10_000, 0);
                for (var turn = 0; exposures.Count + events.Count > 0; turn++)
                {
                    var steps = (
                        Exposures: exposures.Count > 0 ? health.StepOf(FoldedLog.Exposures, At(exposures.Peek())) : LogStep.Ahead,
                        Events: events.Count > 0 ? health.StepOf(FoldedLog.Events, At(events.Peek())) : LogStep.Ahead);
                    // Asked in either order, as the two loops do.
                    if (exposures.Count > 0)
                        steps.Exposures = health.StepOf(FoldedLog.Exposures, At(exposures.Peek()));
                    steps.ShouldNotBe((LogStep.Ahead, LogStep.Ahead));
                    if (steps.Events == LogStep.Ahead || (steps.Exposures != LogStep.Ahead && turns[turn % turns.Length]))
                        health.Fold([Exposure(20_000 + turn, UnitHash(turn), "on", version: 2, at: exposures.Dequeue()) with { Position = ++exposurePosition }]);
                    else
                        health.Fold([Event(turn, "purchase", UnitHash(turn), at: events.Dequeue()) with { Position = ++eventPosition }]);
                }
            },
            iter: 200);

    private static List<int> Times(int[] gaps)
    {
        var at = 0;
        return [.. gaps.Select(gap => at += gap)];
    }

    private static RecordedExposure[] Many(int from, int at) => [.. Enumerable.Range(from, 10_000).Select(n => Exposure(n, UnitHash(n), "on", version: 2, at))];

    /// <summary>As even as the hash of a unit's key.</summary>
    private static ulong UnitHash(int unit) => (ulong)(unit + 1) * 0xD1342543DE82EF95;
}
