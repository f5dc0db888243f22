using System.ComponentModel.DataAnnotations;

namespace Delivery.Exposures;

/// <summary>The ledger's settings. Section <c>Exposures</c>.</summary>
internal sealed class ExposureOptions
{
    public const string Section = "Exposures";

    /// <summary>An exposure that happened longer ago when it comes in is flagged late. 1 s to 30 days; the default is 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>An exposure further ahead of the server's clock is flagged future. 1 s to 1 day; the default is 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FutureAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often exposures are counted by day, flag and variant; a question counts what is new by itself. 1 s to 1 day; the default is 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CountUsageEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How the time of an exposure relates to the time it came in.</summary>
    public Timing TimingOf(DateTimeOffset time, DateTimeOffset receivedAt) =>
        time > receivedAt + FutureAfter ? Timing.Future
        : time < receivedAt - LateAfter ? Timing.Late
        : Timing.OnTime;
}
