using Mediator;

namespace Delivery.Contracts.Metrics;

/// <summary>
/// Asks for a metric over time. With a flag it is of the units that met it, from their first exposure on, per variant; without one
/// it is of all units that were seen.
/// </summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Metric">What is measured.</param>
/// <param name="From">The first bucket's start.</param>
/// <param name="To">The end, exclusive.</param>
/// <param name="Step">A bucket's length.</param>
/// <param name="Flag">Of the units that met this flag; null for all units.</param>
/// <param name="FromVersion">The first flag version that counts.</param>
/// <param name="ByVariant">A line for each variant of the flag; otherwise one for all who met it.</param>
/// <param name="Segment">A line for each value of this, the 20 with the most events; null for none.</param>
public sealed record GetMetricSeries(
    string Environment, MetricToMeasure Metric, DateTimeOffset From, DateTimeOffset To, TimeSpan Step, string? Flag = null, long FromVersion = 0,
    bool ByVariant = true, SeriesSegment? Segment = null) : IQuery<MetricSeriesAnswer>;

/// <summary>By what a series is split.</summary>
/// <param name="Kind">Where the name is looked up.</param>
/// <param name="Name">The property's or attribute's name.</param>
public sealed record SeriesSegment(SeriesSegmentKind Kind, string Name);

/// <summary>Where a segment's name is looked up.</summary>
public enum SeriesSegmentKind
{
    /// <summary>Among the event's properties.</summary>
    Property = 1,

    /// <summary>Among the attributes that decided the unit's first exposure.</summary>
    Attribute = 2,
}

/// <summary>The answer. Closed.</summary>
public abstract record MetricSeriesAnswer
{
    private MetricSeriesAnswer()
    {
    }

    /// <summary>A metric over time.</summary>
    /// <param name="Metric">The metric's key.</param>
    /// <param name="Environment">The environment's key.</param>
    /// <param name="Flag">The flag's key, or null.</param>
    /// <param name="From">The first bucket's start.</param>
    /// <param name="To">The end, exclusive.</param>
    /// <param name="StepSeconds">A bucket's length in seconds.</param>
    /// <param name="Lines">By variant, then segment; each with all buckets.</param>
    /// <param name="OmittedSegments">How many further segments there are.</param>
    /// <param name="CompleteUpTo">Everything committed before this moment is counted; a bucket that ends later goes on.</param>
    /// <param name="ExposurePosition">The exposure ledger is counted up to this position.</param>
    /// <param name="EventPosition">The event log is counted up to this position.</param>
    public sealed record Series(
        string Metric, string Environment, string? Flag, DateTimeOffset From, DateTimeOffset To, double StepSeconds, IReadOnlyList<SeriesLine> Lines, int OmittedSegments,
        DateTimeOffset CompleteUpTo, long ExposurePosition, long EventPosition) : MetricSeriesAnswer;

    /// <summary>The rows between the two times can't be looked through in the time that a question may take.</summary>
    public sealed record TooLong(TimeSpan Patience) : MetricSeriesAnswer;
}

/// <summary>One line of a series.</summary>
/// <param name="Variant">The variant; null where lines are not by variant.</param>
/// <param name="Segment">The segment's value; null where there is none, or the event or unit has none.</param>
/// <param name="Buckets">All buckets, in order of time.</param>
public sealed record SeriesLine(string? Variant, string? Segment, IReadOnlyList<SeriesBucket> Buckets);

/// <summary>A metric in one bucket of time; value and interval are null exactly when <paramref name="Err"/> is not.</summary>
/// <param name="At">The bucket's start.</param>
/// <param name="Complete">Whether the bucket had ended when it was counted.</param>
/// <param name="Units">Units that it is the value of: those that were exposed and whose window had not passed; of a ratio or quantile, those with events.</param>
/// <param name="Events">Events that counted.</param>
/// <param name="Value">The value of this bucket alone, in the metric's unit.</param>
/// <param name="Low">Lower end of its 95 % interval, for one look.</param>
/// <param name="High">Upper end.</param>
/// <param name="Err">Why there is none.</param>
public sealed record SeriesBucket(DateTimeOffset At, bool Complete, long Units, long Events, double? Value, double? Low, double? High, NoNumber? Err);
