using System.ComponentModel.DataAnnotations;

namespace Delivery.Metrics.Health;

/// <summary>What bounds the memory of the fold. Bound from <c>Metrics:Fold</c>.</summary>
internal sealed class FoldLimits
{
    public const string Section = "Metrics:Fold";

    /// <summary>
    /// A row that was received so long after its time is kept in its log but not counted (the tally shows how many).
    /// Ids and raw rows per unit are remembered this long and no longer. 1 minute to 90 days; 3 days by default.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00")]
    public TimeSpan Lateness { get; set; } = TimeSpan.FromDays(3);

    /// <summary>A row whose time is so far ahead of its receipt is not counted: the sender's clock is wrong. 0 to 1 day; 1 day by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ClockAhead { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// The counts of a flag that had no traffic, and that nobody asked for, during this time are dropped. A running rollout
    /// asks every second, so the counts of a running release never are. 1 day to 10 years; 30 days by default.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Cells (flag, version, variant) per environment; 100,000 by default. Rows that would need more are not counted.</summary>
    [Range(1, 10_000_000)]
    public int MostCells { get; set; } = 100_000;

    /// <summary>Event names per environment; 1,000 by default. Conversions of further names are not counted.</summary>
    [Range(1, 100_000)]
    public int MostNames { get; set; } = 1_000;

    /// <summary>An event received longer than this after its time is said to be late; it counts all the same. 1 h by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "90.00:00:00")]
    public TimeSpan LateAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How the time of an event relates to the time it came in.</summary>
    public EventTiming TimingOf(DateTimeOffset time, DateTimeOffset receivedAt) =>
        receivedAt - time > Lateness ? EventTiming.TooLate
        : time - receivedAt > ClockAhead ? EventTiming.TooFarAhead
        : receivedAt - time > LateAfter ? EventTiming.Late
        : EventTiming.OnTime;
}

/// <summary>How the time of an event relates to the time it came in.</summary>
internal enum EventTiming
{
    /// <summary>It came in soon.</summary>
    OnTime = 1,

    /// <summary>It came in late, and counts where it belongs.</summary>
    Late = 2,

    /// <summary>It came in later than anything is waited for: recorded, not counted.</summary>
    TooLate = 3,

    /// <summary>Its sender's clock is ahead: recorded, not counted.</summary>
    TooFarAhead = 4,
}
