using System.ComponentModel.DataAnnotations;

namespace Delivery.Metrics.Health;

/// <summary>What bounds the memory of the fold. Bound from <c>Metrics:Fold</c>.</summary>
internal sealed class FoldLimits
{
    public const string Section = "Metrics:Fold";

    /// <summary>Lateness is not shortened further.</summary>
    internal static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);

    private FoldLimits? _configured;

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
    /// How long before its exposure a unit's events serve as covariate. Raw events are remembered for this and
    /// <see cref="Lateness"/>. 0 to 90 days; 14 days by default.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "90.00:00:00")]
    public TimeSpan History { get; set; } = TimeSpan.FromDays(14);

    /// <summary>
    /// How much memory a fold may take before it waits for less: <see cref="Lateness"/>, <see cref="ClockAhead"/> and
    /// <see cref="History"/> are then shortened, which is logged, and told with moments, scorecards and trials. The health of releases may take so much, of ids,
    /// requests, exposures and units (beyond it also fewer units are counted: <see cref="FoldBudget"/>, <see cref="UnitSample"/>), and the moments of all environments together as much again. 1 MB to 1 TB; a quarter of the machine's (or container's) memory by default.
    /// </summary>
    [Range(1_000_000, 1_000_000_000_000)]
    public long MostBytes { get; set; } = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 100_000_000, 1_000_000_000_000);

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

    /// <summary>The limits that these were shortened from; these themselves where they were not.</summary>
    internal FoldLimits Configured => _configured ?? this;

    /// <summary>Whether a row must be as early as the shortest limits ask for.</summary>
    internal bool IsShortest => Lateness <= Shortest && ClockAhead <= Shortest && History == TimeSpan.Zero;

    /// <summary>So that rows of about this span are remembered, history and lateness alike; never longer than they are, and lateness no shorter than ten seconds.</summary>
    /// <param name="span">In all.</param>
    /// <param name="least">What lateness is not shortened below; ten seconds when left out.</param>
    internal FoldLimits Shortened(TimeSpan span, TimeSpan? least = null)
    {
        var half = span / 2;
        var lateness = Min(Lateness, Max(least ?? Shortest, half));
        return Shortened(lateness, Min(ClockAhead, lateness), half < Shortest ? TimeSpan.Zero : Min(History, half));
    }

    /// <summary>These, as they were shortened before.</summary>
    internal FoldLimits Shortened(TimeSpan lateness, TimeSpan clockAhead, TimeSpan history)
    {
        if ((lateness, clockAhead, history) == (Lateness, ClockAhead, History))
            return this;
        var shorter = (FoldLimits)MemberwiseClone();
        (shorter.Lateness, shorter.ClockAhead, shorter.History, shorter._configured) = (lateness, clockAhead, history, Configured);
        return shorter;
    }

    /// <summary>How the time of an event relates to the time it came in.</summary>
    public EventTiming TimingOf(DateTimeOffset time, DateTimeOffset receivedAt) =>
        receivedAt - time > Lateness ? EventTiming.TooLate
        : time - receivedAt > ClockAhead ? EventTiming.TooFarAhead
        : receivedAt - time > LateAfter ? EventTiming.Late
        : EventTiming.OnTime;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
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
