using Mediator;

namespace Delivery.Contracts.Metrics;

/// <summary>
/// How a release is going: counts per allocation epoch and arm since a flag version. Answered from memory; complete up to
/// <see cref="ReleaseHealth.CompleteUpTo"/>, which trails the commits by well under a second.
/// </summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Variant">The released variant; every other variant of the flag is the control arm.</param>
/// <param name="FromVersion">The first flag version that counts: the one the rollout's first stage opened.</param>
public sealed record GetReleaseHealth(string Environment, string Flag, string Variant, long FromVersion) : IQuery<ReleaseHealth>;

/// <summary>A release's counts.</summary>
/// <param name="Epochs">By flag version, ascending; versions without a row are absent.</param>
/// <param name="LastExposureAt">When the newest exposure was received, or null: no data is not zero.</param>
/// <param name="LastEventAt">When the newest metric event of this flag was received, or null.</param>
/// <param name="FirstBadExposureAt">When the released variant's first failing event happened, by the sender's clock.</param>
/// <param name="CompleteUpTo">Everything committed before this moment is counted.</param>
public sealed record ReleaseHealth(
    IReadOnlyList<EpochHealth> Epochs,
    DateTimeOffset? LastExposureAt,
    DateTimeOffset? LastEventAt,
    DateTimeOffset? FirstBadExposureAt,
    DateTimeOffset CompleteUpTo)
{
    /// <summary>The metric source that the numbers come from; null when they are the platform's own.</summary>
    public SourceStanding? Source { get; init; }

    /// <summary>
    /// Which share of the units is counted, in (0, 1]: all, or since memory did not do (<c>Metrics:Fold:MostBytes</c>) half of them, a quarter and so on, chosen by
    /// their hash and so of all arms alike. What units did that are counted no more stays in the numbers, but they can no longer fail or convert: rates per unit sink, by the same factor
    /// in all arms, and rates per request stay.
    /// </summary>
    public double UnitShare { get; init; } = 1;
}

/// <summary>The counts of one flag version.</summary>
/// <param name="FlagVersion">The version that was evaluated.</param>
/// <param name="Released">Units that got the released variant.</param>
/// <param name="Control">Units that got any other variant.</param>
public sealed record EpochHealth(long FlagVersion, ArmHealth Released, ArmHealth Control);

/// <summary>The counts of one arm in one epoch.</summary>
/// <param name="Exposures">Recorded exposures (evaluations).</param>
/// <param name="Units">Distinct units among them.</param>
/// <param name="Requests">Metric events with a duration or an outcome that evaluated this flag.</param>
/// <param name="Errors">Those that failed.</param>
/// <param name="FailingUnits">Distinct units with at least one failure; robust against one unit that fails a thousand times.</param>
/// <param name="Latency">Durations as a log-scale histogram; buckets without a count are left out.</param>
/// <param name="Conversions">Per event name: distinct units with at least one such event after their exposure.</param>
public sealed record ArmHealth(
    long Exposures,
    long Units,
    long Requests,
    long Errors,
    long FailingUnits,
    IReadOnlyList<LatencyBucket> Latency,
    IReadOnlyDictionary<string, long> Conversions)
{
    /// <summary>Of the units, those that are counted no more (<see cref="ReleaseHealth.UnitShare"/>).</summary>
    public long UnitsLeft { get; init; }

    /// <summary>An arm nobody was in.</summary>
    public static ArmHealth Empty { get; } = new(0, 0, 0, 0, 0, [], new Dictionary<string, long>());
}

/// <summary>Durations in [<paramref name="FromMicroseconds"/>, <paramref name="ToMicroseconds"/>); the edges of all arms and epochs agree.</summary>
public readonly record struct LatencyBucket(long FromMicroseconds, long ToMicroseconds, long Count);
