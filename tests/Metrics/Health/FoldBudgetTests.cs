using Delivery.Metrics.Health;
using static Delivery.Metrics.Tests.Health.Rows;

namespace Delivery.Metrics.Tests.Health;

/// <summary>When a fold is to hold less, and how.</summary>
public sealed class FoldBudgetTests
{
    private const long Most = 1_600;
    private readonly FoldBudget _budget = new(Most);
    private FoldLimits _limits = new() { Lateness = TimeSpan.FromHours(4), ClockAhead = TimeSpan.FromHours(4) };

    [Fact]
    public void below_half_nothing_is_to_be_done() => Decide(waiting: 400, units: 400, at: 0).ShouldBe(Lessening.Nothing);

    [Fact]
    public void where_units_take_more_than_what_waits_fewer_are_counted_at_once_and_again()
    {
        Decide(waiting: 400, units: 401, at: 0).ShouldBe(Lessening.Thin);
        Decide(waiting: 400, units: 401, at: 0).ShouldBe(Lessening.Thin);
    }

    [Fact]
    public void where_no_fewer_can_be_counted_rows_are_waited_for_less_long() => Decide(waiting: 400, units: 401, at: 0, canThin: false).ShouldBe(Lessening.Shorten);

    [Fact]
    public void what_came_in_quickly_is_shortened_to_how_quickly_whatever_came_before()
    {
        for (var day = 0; day < 30; day++)
            Decide(waiting: 100 + day, units: 0, at: day * 86_400).ShouldBe(Lessening.Nothing);
        for (var second = 0; second < 7; second++)
            Decide(waiting: 200 + (100 * second), units: 0, at: (29 * 86_400) + second).ShouldBe(Lessening.Nothing);

        Decide(waiting: 900, units: 0, at: (29 * 86_400) + 7).ShouldBe(Lessening.Shorten);
        _budget.Latter(At((29 * 86_400) + 7).UtcTicks).ShouldBeInRange(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void it_waits_for_what_was_let_go_to_go_but_not_when_much_comes_on_top()
    {
        Decide(waiting: 801, units: 0, at: 0).ShouldBe(Lessening.Shorten);
        Decide(waiting: 1_000, units: 0, at: 10).ShouldBe(Lessening.Nothing);
        Decide(waiting: 1_001, units: 0, at: 11).ShouldBe(Lessening.Shorten);
        Decide(waiting: 1_001, units: 0, at: 11 + (12 * 3_600) - 1).ShouldBe(Lessening.Nothing);
        Decide(waiting: 1_001, units: 0, at: 11 + (12 * 3_600)).ShouldBe(Lessening.Shorten);
    }

    [Fact]
    public void within_a_minute_units_are_let_go_first_and_ten_seconds_are_the_last_resort()
    {
        _limits = _limits.Shortened(TimeSpan.FromMinutes(2));
        _limits.Lateness.ShouldBe(TimeSpan.FromMinutes(1));
        Decide(waiting: 900, units: 0, at: 0).ShouldBe(Lessening.Thin);
        Decide(waiting: 900, units: 0, at: 200, canThin: false).ShouldBe(Lessening.Shorten);
        FoldBudget.Least(_limits).ShouldBe(FoldLimits.Shortest);
        _limits = _limits.Shortened(TimeSpan.Zero);
        Decide(waiting: 900, units: 0, at: 999, canThin: false).ShouldBe(Lessening.Nothing);
    }

    private Lessening Decide(long waiting, long units, int at, bool canThin = true) => _budget.Decide(waiting, waiting, units, At(at).UtcTicks, _limits, canThin);
}
