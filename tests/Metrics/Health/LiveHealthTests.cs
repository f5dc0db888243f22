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

        most.ShouldBeInRange(MostBytes / 2, MostBytes * 3 / 2);
        var held = _health.Gauges();
        held.Lateness.ShouldBeLessThan(TimeSpan.FromMinutes(5));
        held.Tally.Rows.ShouldBe(600_000);
        held.Tally.ShouldSatisfyAllConditions(t => t.Repeated.ShouldBe(0), t => t.TooLate.ShouldBe(0), t => t.NotSampled.ShouldBeGreaterThan(0));
        var health = _health.Read(new GetReleaseHealth("production", "checkout", "on", 1));
        health.UnitShare.ShouldBeInRange(0.01, 0.5);
        var epoch = health.Epochs.ShouldHaveSingleItem();
        ((double)epoch.Released.Exposures / epoch.Control.Exposures).ShouldBeInRange(0.95, 1.05);
        (epoch.Released.Exposures + epoch.Control.Exposures).ShouldBe(held.Tally.Counted);
    }

    [Fact]
    public void a_log_goes_in_step_with_the_other_once_much_is_held()
    {
        RecordedExposure[] Many(int from, int at) => [.. Enumerable.Range(from, 10_000).Select(n => Exposure(n, UnitHash(n), "on", version: 2, at))];
        _health.Fold([Exposure(-1, unit: 1, "on", version: 2, at: 0)]);
        _health.StepOf(FoldedLog.Exposures, At(3_600)).ShouldBe(LogStep.InStep);

        _health.Fold(Many(0, at: 100));
        _health.StepOf(FoldedLog.Exposures, At(101)).ShouldBe(LogStep.AheadOfAnIdleOne, "nobody has looked yet");
        _health.Observed(At(95), exposureHead: 10_000, eventHead: 1);
        _health.StepOf(FoldedLog.Exposures, At(101)).ShouldBe(LogStep.Ahead);
        _health.StepOf(FoldedLog.Events, At(101)).ShouldBe(LogStep.InStep);

        _health.Fold([Event(1, "purchase", unit: 1, at: 50)]);
        _health.StepOf(FoldedLog.Exposures, At(105)).ShouldBe(LogStep.InStep, "the other log is through up to when it was looked at");
        _health.StepOf(FoldedLog.Exposures, At(106)).ShouldBe(LogStep.AheadOfAnIdleOne);
    }

    /// <summary>As even as the hash of a unit's key.</summary>
    private static ulong UnitHash(int unit) => (ulong)(unit + 1) * 0xD1342543DE82EF95;
}
