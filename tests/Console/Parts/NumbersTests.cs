using Delivery.Console.Parts;
using Delivery.Contracts.Rollouts;

namespace Delivery.Console.Tests.Parts;

public sealed class NumbersTests
{
    [Fact]
    public void unknown_is_said_and_never_shown_as_zero()
    {
        Numbers.Failing(null).ShouldBe("no data");
        Numbers.Failing(Arm(0, 0)).ShouldBe("no data");
        Numbers.Milliseconds(null).ShouldBe("no data");
        Numbers.With(null, "ms").ShouldBe("no data");
    }

    [Fact]
    public void failing_units_come_with_their_base_and_their_rate() =>
        Numbers.Failing(Arm(1_520, 90)).ShouldBe("90 of 1,520 failing (5.92 %)");

    [Theory]
    [InlineData(0.0, "1")]
    [InlineData(-2.3025850929940455, "0.1")]
    [InlineData(6.907755278982137, "1,000")]
    [InlineData(27.631021115928547, "10^12")]
    public void an_e_value_is_read_from_its_logarithm(double log, string text) => Numbers.EValue(log).ShouldBe(text);

    [Fact]
    public void a_one_sided_interval_says_which_side_it_bounds()
    {
        Numbers.Interval(Guardrail(262.1, null)).ShouldBe("at least 262.1 ms");
        Numbers.Interval(Guardrail(null, 4)).ShouldBe("at most 4 ms");
        Numbers.Interval(Guardrail(-1, 4)).ShouldBe("-1 to 4 ms");
        Numbers.Interval(Guardrail(null, null)).ShouldBe("no data");
    }

    private static Evidence Guardrail(double? lower, double? upper) => new(
        "rule", "latency-p95", Arm(1, 0), Arm(1, 0), null, null, null, lower, upper, "ms", null, null, DateTimeOffset.UnixEpoch);

    private static ArmEvidence Arm(long units, long failing) => new(units, units, units, failing, failing, null, null);
}
