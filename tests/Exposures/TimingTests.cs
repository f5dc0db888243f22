namespace Delivery.Exposures.Tests;

public sealed class TimingTests
{
    private static readonly DateTimeOffset Received = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("00:01:00", "OnTime")]
    [InlineData("00:01:00.0000001", "Future")]
    [InlineData("-01:00:00", "OnTime")]
    [InlineData("-01:00:00.0000001", "Late")]
    [InlineData("3650.00:00:00", "Future")]
    public void an_exposure_is_late_or_future_only_beyond_what_the_settings_allow(string offBy, string timing) =>
        new ExposureOptions().TimingOf(Received + TimeSpan.Parse(offBy, System.Globalization.CultureInfo.InvariantCulture), Received).ToString().ShouldBe(timing);
}
