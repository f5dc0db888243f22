using System.Collections.Immutable;

namespace Delivery.Plugins.Measuring;

/// <summary>What a metric source answered. Closed; only <see cref="Ok"/> may be decided on.</summary>
public abstract record MetricAnswer
{
    private MetricAnswer()
    {
    }

    /// <summary>Every asked arm has fresh data.</summary>
    /// <param name="Reading">The numbers.</param>
    public sealed record Ok(MetricReading Reading) : MetricAnswer;

    /// <summary>No arm has a sample in the window. Not zero, not a failure.</summary>
    /// <param name="Why">For people: the series, table or label that gave nothing.</param>
    public sealed record NoData(string Why) : MetricAnswer;

    /// <summary>Some arms have data, or the backend said that its answer is not whole.</summary>
    /// <param name="Reading">The numbers there are.</param>
    /// <param name="Why">What is missing.</param>
    public sealed record Partial(MetricReading Reading, string Why) : MetricAnswer;

    /// <summary>There is data, and the newest of some arm is older than the query tolerates.</summary>
    /// <param name="Reading">The numbers, as they were.</param>
    /// <param name="Age">Of the oldest arm's last sample, at the window's end.</param>
    public sealed record Stale(MetricReading Reading, TimeSpan Age) : MetricAnswer;

    /// <summary>The question could not be answered.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Error(PluginError Reason) : MetricAnswer;
}

/// <summary>Numbers per arm.</summary>
/// <param name="Arms">Those that have data, in the order asked.</param>
/// <param name="Watermark">Everything before this moment is counted; at most the window's end.</param>
public sealed record MetricReading(ImmutableArray<ArmReading> Arms, DateTimeOffset Watermark);

/// <summary>One arm's numbers.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Statistics">Its statistics over the window; of the shape that the metric has.</param>
/// <param name="LastSampleAt">When its newest sample is from.</param>
public sealed record ArmReading(string Arm, ArmStatistics Statistics, DateTimeOffset LastSampleAt);

/// <summary>Sufficient statistics; they add up over windows and instances. Values are in micro-units of the metric's unit (1 s = 1,000,000). Closed.</summary>
public abstract record ArmStatistics
{
    private ArmStatistics()
    {
    }

    /// <summary>Trials and the events among them.</summary>
    /// <param name="Trials">0 or more.</param>
    /// <param name="Events">0 to <paramref name="Trials"/>.</param>
    public sealed record Counts(long Trials, long Events) : ArmStatistics;

    /// <summary>Exact sums.</summary>
    /// <param name="Count">0 or more.</param>
    /// <param name="Sum">In micro-units.</param>
    /// <param name="SumOfSquares">In micro-units squared.</param>
    public sealed record Moments(long Count, Int128 Sum, Int128 SumOfSquares) : ArmStatistics;

    /// <summary>Values by bucket, ascending, not overlapping, not cumulative; empty buckets may be left out.</summary>
    /// <param name="Buckets">The buckets; the same edges in every arm.</param>
    /// <param name="Sum">Of the values, in micro-units; null when the backend does not keep it.</param>
    public sealed record Histogram(ImmutableArray<Bucket> Buckets, Int128? Sum = null) : ArmStatistics;
}

/// <summary>How many values are in [<paramref name="From"/>, <paramref name="To"/>), in micro-units; <see cref="long.MaxValue"/> for no upper edge.</summary>
public readonly record struct Bucket(long From, long To, long Count);
