using Mediator;

namespace Delivery.Contracts.Metrics;

/// <summary>
/// Asks for the exact sums of metrics per allocation epoch and variant of a flag: a unit belongs to the epoch and variant of its
/// first exposure since <paramref name="FromVersion"/>, and its events count from that exposure on, within each metric's window.
/// </summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="FromVersion">The first flag version that counts.</param>
/// <param name="Metrics">The metrics' keys with what they measure; what is only tried out need not be in the catalogue.</param>
/// <param name="Trial">
/// Asked in passing: nothing is followed on for it. Otherwise the flag is followed with these metrics from now on, and answers
/// come from memory; the first one reads both logs from their first row.
/// </param>
public sealed record GetMoments(string Environment, string Flag, long FromVersion, IReadOnlyList<MetricToMeasure> Metrics, bool Trial = false) : IQuery<MetricMoments>;

/// <summary>A metric under a name of the caller's choice.</summary>
public sealed record MetricToMeasure(string Key, MetricDefinition Definition);

/// <summary>Exact sums.</summary>
/// <param name="Cells">By flag version, variant and metric; a cell without a unit is absent.</param>
/// <param name="CompleteUpTo">Everything committed before this moment is counted.</param>
/// <param name="ExposurePosition">The exposure ledger is counted up to this position.</param>
/// <param name="EventPosition">The event log is counted up to this position.</param>
/// <param name="LatenessSeconds">Rows that came in longer than this after their time are not counted: as configured, or less where memory would not do.</param>
/// <param name="HistorySeconds">The covariates are of so long before exposure: as configured, or less where memory would not do.</param>
public sealed record MetricMoments(
    IReadOnlyList<MomentCell> Cells, DateTimeOffset CompleteUpTo, long ExposurePosition, long EventPosition, double LatenessSeconds, double HistorySeconds);

/// <summary>The sums of one metric in one arm of one epoch.</summary>
/// <param name="FlagVersion">The epoch: the version of the units' first exposure.</param>
/// <param name="Variant">The variant of that exposure.</param>
/// <param name="Metric">The metric's key.</param>
/// <param name="Sums">n and the first and second moments.</param>
/// <param name="SaturatedUnits">Units whose value lies beyond ±1e9 and was counted as that: with one of them the sums are not to be trusted.</param>
/// <param name="Quantile">Of a quantile metric, the events' values; null of others.</param>
/// <param name="Refusal">Why the sums are not to be used; null when they are.</param>
public sealed record MomentCell(
    long FlagVersion, string Variant, string Metric, MomentSums Sums, long SaturatedUnits, QuantileSums? Quantile, MomentRefusal? Refusal = null);

/// <summary>Why sums are not to be used.</summary>
public enum MomentRefusal
{
    /// <summary>A unit's value lies beyond ±1e9 and was counted as that.</summary>
    Saturated = 1,

    /// <summary>A sum or product lies beyond 128 bits; the sums are left out.</summary>
    Overflow = 2,
}

/// <summary>
/// n and the sums and products of m (outcome) and d (denominator) after exposure, and of the same before it: in millionths,
/// and their products in squares of these. A conversion, count or mean has no denominator: its d before exposure is one for a unit
/// with events in the time before it that <c>Metrics:Fold:History</c> says (14 days), and 0 for others.
/// </summary>
public sealed record MomentSums(
    Int128 N, Int128 MPost, Int128 DPost, Int128 MPre, Int128 DPre,
    Int128 MPostMPost, Int128 MPostDPost, Int128 MPostMPre, Int128 MPostDPre, Int128 DPostDPost,
    Int128 DPostMPre, Int128 DPostDPre, Int128 MPreMPre, Int128 MPreDPre, Int128 DPreDPre)
{
    /// <summary>Of nobody.</summary>
    public static MomentSums None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

/// <summary>The values of all events of an arm, and how they cluster in units.</summary>
/// <param name="Values">Histogram of the values in millionths: lowest value of a bucket, count.</param>
/// <param name="AtMost">Per unit, m is the number of its events at most the sample quantile's bucket and d the number of its events.</param>
public sealed record QuantileSums(IReadOnlyList<ValueBucket> Values, MomentSums AtMost);

/// <summary>Values in [<paramref name="From"/>, <paramref name="To"/>), in millionths.</summary>
public readonly record struct ValueBucket(long From, long To, long Count);
