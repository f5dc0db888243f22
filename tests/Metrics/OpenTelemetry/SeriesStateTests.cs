using Delivery.Metrics.Intake.OpenTelemetry;

namespace Delivery.Metrics.Tests.OpenTelemetry;

public sealed class SeriesStateTests
{
    private const ulong Oldest = 100;

    [Fact]
    public void a_repeated_point_is_counted_from_where_it_was_before()
    {
        var (first, _) = SeriesState.Take(null, Point(1), Oldest);
        var (second, from) = SeriesState.Take(first with { Confirmed = true }, Point(2), Oldest);

        from.ShouldBeOfType<CountedFrom.Point>().Body.ShouldBe([1]);
        SeriesState.Take(second with { Confirmed = true }, Point(2), Oldest).From.ShouldBeOfType<CountedFrom.Point>().Body.ShouldBe([1]);
    }

    [Fact]
    public void what_was_never_committed_is_counted_with_the_next_point()
    {
        var (first, _) = SeriesState.Take(null, Point(1), Oldest);
        var (second, _) = SeriesState.Take(first with { Confirmed = true }, Point(2), Oldest);

        SeriesState.Take(second, Point(3), Oldest).From.ShouldBeOfType<CountedFrom.Point>().Body.ShouldBe([1]);
        SeriesState.Take(first, Point(2), Oldest).From.ShouldBeOfType<CountedFrom.Start>();
    }

    [Fact]
    public void an_earlier_point_and_a_series_begun_too_long_ago_count_nothing()
    {
        var (second, _) = SeriesState.Take(null, Point(2), Oldest);
        SeriesState.Take(second, Point(1), Oldest).From.ShouldBeOfType<CountedFrom.Nothing>();

        var (old, from) = SeriesState.Take(null, Point(2) with { Start = 99 }, Oldest);
        from.ShouldBeOfType<CountedFrom.Nothing>();
        SeriesState.Take(old, Point(2) with { Start = 99 }, Oldest).From.ShouldBeOfType<CountedFrom.Nothing>();
        SeriesState.Take(old, Point(3) with { Start = 99 }, Oldest).From.ShouldBeOfType<CountedFrom.Point>().Body.ShouldBe([2]);
    }

    [Fact]
    public void a_new_start_counts_from_it()
    {
        var (first, _) = SeriesState.Take(null, Point(1), Oldest);

        SeriesState.Take(first with { Confirmed = true }, Point(2) with { Start = 150 }, Oldest).From.ShouldBeOfType<CountedFrom.Start>();
    }

    private static CumulativePoint Point(byte number) => new(7, 100, 200UL + number, [number]);
}
