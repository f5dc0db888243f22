using CsCheck;

namespace Delivery.Statistics.Tests;

/// <summary>Acceptance 10: whatever order, batch or detour events take, the moments are bit-identical.</summary>
public sealed class MomentsTests
{
    private static readonly Gen<long> Amount = Gen.OneOf(Gen.Long[-5, 5], Gen.Long[-1_000_000_000_000, 1_000_000_000_000]);
    private static readonly Gen<UnitValues> Unit = Gen.Select(Amount, Amount, Amount, Amount, (a, b, c, d) => new UnitValues(a, b, c, d));

    [Fact]
    public void permuting_and_batching_units_changes_nothing() =>
        Gen.Select(Unit.List[0, 40], Gen.Int[0, 40], Gen.Int[0, 1000]).Sample((units, cut, seed) =>
        {
            var whole = Sum(units);
            var shuffled = units.ToArray();
            new Random(seed).Shuffle(shuffled);
            Sum(shuffled.Take(cut)).Merge(Sum(shuffled.Skip(cut))).ShouldBe(whole);
            whole.Minus(Sum(shuffled.Take(cut))).ShouldBe(Sum(shuffled.Skip(cut)));
        });

    [Fact]
    public void a_unit_built_up_event_by_event_equals_the_unit_added_at_once() =>
        Gen.Select(Gen.Long[-1000, 1_000_000].List[1, 20], Gen.Long[0, 2_000_000], Unit, Gen.Int[0, 1000]).Sample((events, cap, other, seed) =>
        {
            var order = events.ToArray();
            new Random(seed).Shuffle(order);
            var unit = new UnitValues(0, 7, 11, 13);
            var moments = Moments.Of(other).Add(unit);
            foreach (var d in order)
            {
                moments = moments.MoveOutcome(unit, d, cap);
                unit = unit with { MPost = unit.MPost + d };
            }

            moments.ShouldBe(Moments.Of(other).Add(unit with { MPost = Math.Min(events.Sum(), cap) }));
        });

    [Fact]
    public void a_duplicate_taken_back_and_a_late_exposure_leave_no_trace() => Gen.Select(Unit.List[1, 20], Unit, Unit).Sample((units, early, late) =>
    {
        var moments = Sum(units);
        moments.Add(early).Retract(early).ShouldBe(moments);
        moments.Add(late).Retract(late).Add(early).ShouldBe(moments.Add(early));
        moments.Add(late).Update(late, early).ShouldBe(moments.Add(early));
    });

    [Fact]
    public void the_variance_of_large_values_close_together_is_exact()
    {
        // In doubles this cancels to 1.2e7.
        var moments = Sum(Enumerable.Range(0, 1000).Select(i => new UnitValues(1_000_000_000_000_000 + i % 2 * 1_000_000, 0, 0, 0)));
        var arm = MomentEstimates.Mean(moments).ShouldBeOfType<ArmEstimate.Measured>();
        arm.Mean.ShouldBe(1e9 + 0.5);
        arm.VariancePerUnit.ShouldBe(0.25 * 1000 / 999, 1e-15);
    }

    [Fact]
    public void moments_hold_a_billion_units_of_a_million_each() =>
        (Int128.MaxValue / ((Int128)1_000_000_000_000 * 1_000_000_000_000)).ShouldBeGreaterThan(1_000_000_000);

    [Fact]
    public void an_overflow_is_an_exception_and_never_a_wrong_sum() =>
        Should.Throw<OverflowException>(() =>
        {
            var moments = Moments.Of(new UnitValues(long.MinValue, 0, 0, 0));
            for (var i = 0; i < 3; i++) moments = moments.Merge(moments);
        });

    [Theory]
    [InlineData(0.0000005, 0)]
    [InlineData(0.0000015, 2)]
    [InlineData(0.1, 100_000)]
    [InlineData(-2.5, -2_500_000)]
    [InlineData(9e12, 9_000_000_000_000_000_000)]
    public void numbers_become_micro_units(double value, long expected) => FixedPoint.From(value).ShouldBe(new FixedPoint.Value(expected));

    [Theory]
    [InlineData(double.NaN, FixedPointRefusal.NotANumber)]
    [InlineData(double.NegativeInfinity, FixedPointRefusal.Infinite)]
    [InlineData(9.3e12, FixedPointRefusal.Overflow)]
    [InlineData(-1e300, FixedPointRefusal.Overflow)]
    [InlineData(1e305, FixedPointRefusal.Overflow)]
    public void what_has_no_fixed_point_form_is_refused(double value, FixedPointRefusal reason) =>
        FixedPoint.From(value).ShouldBe(new FixedPoint.Refused(reason));

    internal static Moments Sum(IEnumerable<UnitValues> units) => units.Aggregate(default(Moments), (sum, unit) => sum.Add(unit));
}
