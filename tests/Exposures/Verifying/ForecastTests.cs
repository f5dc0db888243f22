using Delivery.Exposures.Verifying;

namespace Delivery.Exposures.Tests.Verifying;

/// <summary>What traffic is to be expected, and when it is not reached.</summary>
public sealed class ForecastTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void it_is_compared_with_the_same_hour_of_yesterday_and_of_last_week()
    {
        TrafficForecast.Begins(Now, Hour).ShouldBe([Now.AddHours(-1), Now.AddHours(-2), Now.AddHours(-25), Now.AddHours(-169)]);

        var forecast = Forecast(metSince: Now.AddDays(-8), now: 95, before: 3, yesterday: 100, lastWeek: 200);

        forecast.ComparedWith.Select(span => span.Units).ShouldBe([100, 200]);
        (forecast.ForecastUnits, forecast.Level).ShouldBe((150, TrafficLevel.AsForecast));
    }

    [Theory]
    [InlineData(20, 100, 200, TrafficLevel.Fallen)]
    [InlineData(45, 100, 200, TrafficLevel.AsForecast)]
    [InlineData(20, 100, 30, TrafficLevel.AsForecast)]
    [InlineData(390, 100, 200, TrafficLevel.AsForecast)]
    [InlineData(900, 100, 200, TrafficLevel.Risen)]
    [InlineData(0, 0, 0, TrafficLevel.AsForecast)]
    [InlineData(0, 8, 9, TrafficLevel.AsForecast)]
    [InlineData(0, 18, 19, TrafficLevel.Fallen)]
    public void only_much_less_than_the_least_and_much_more_than_the_most_is_news(long now, long yesterday, long lastWeek, object level) =>
        Forecast(Now.AddDays(-8), now, before: 50, yesterday, lastWeek).Level.ShouldBe(level);

    [Fact]
    public void a_flag_is_compared_with_no_span_before_it_was_met()
    {
        Forecast(Now.AddDays(-3), now: 10, before: 50, yesterday: 100, lastWeek: 0).ComparedWith.Select(span => span.Units).ShouldBe([100]);
        Forecast(Now.AddHours(-3), now: 10, before: 50, yesterday: 0, lastWeek: 0).ComparedWith.Select(span => span.Units).ShouldBe([50]);
        Forecast(Now.AddHours(-1.5), now: 10, before: 50, yesterday: 0, lastWeek: 0).Level.ShouldBeNull();
        Forecast(Now.AddDays(-3), now: 20, before: 50, yesterday: 100, lastWeek: 0).Level.ShouldBe(TrafficLevel.AsForecast, "it may be a weekend");
        Forecast(Now.AddDays(-3), now: 1, before: 50, yesterday: 200, lastWeek: 0).Level.ShouldBe(TrafficLevel.Fallen);
        Forecast(null, now: 0, before: 0, yesterday: 0, lastWeek: 0).ForecastUnits.ShouldBeNull();
    }

    [Fact]
    public void a_span_of_days_is_compared_with_last_week_and_no_span_twice()
    {
        TrafficForecast.Begins(Now, TimeSpan.FromDays(3)).ShouldBe([Now.AddDays(-3), Now.AddDays(-6), Now.AddDays(-10)]);
        TrafficForecast.Begins(Now, TimeSpan.FromDays(1)).ShouldBe([Now.AddDays(-1), Now.AddDays(-2), Now.AddDays(-8)]);
        TrafficForecast.Begins(Now, TimeSpan.FromDays(7)).ShouldBe([Now.AddDays(-7), Now.AddDays(-14)]);
    }

    private static TrafficForecast Forecast(DateTimeOffset? metSince, long now, long before, long yesterday, long lastWeek)
    {
        long[] units = [now, before, yesterday, lastWeek];
        return TrafficForecast.Of([.. TrafficForecast.Begins(Now, Hour).Select((from, at) => new TrafficSpan(from, from + Hour, units[at]))], metSince);
    }
}
