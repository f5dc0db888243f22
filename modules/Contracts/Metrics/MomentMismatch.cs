namespace Delivery.Contracts.Metrics;

/// <summary>
/// The two pipelines disagree: a metric's sums, kept in memory, are not those that SQL gives for the same rows. A row was
/// changed, or one of the two has a defect; until it is known which, nothing measured by the metric is to be trusted.
/// </summary>
/// <param name="Metric">The metric's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Owner">The metric's owner team's key, or null.</param>
/// <param name="Cells">How many cells of the metric were compared.</param>
/// <param name="Differences">In how many the two differ.</param>
/// <param name="FlagVersion">One of them: its epoch.</param>
/// <param name="Variant">Its variant.</param>
/// <param name="Folded">Its sums in memory, as text; null when there are none.</param>
/// <param name="Recomputed">Its sums by SQL, as text; null when there are none.</param>
/// <param name="ExposurePosition">Compared up to here in the exposure ledger.</param>
/// <param name="EventPosition">Compared up to here in the event log.</param>
/// <param name="At">When it was found.</param>
public sealed record MomentMismatch(
    string Metric,
    string Flag,
    string Environment,
    string? Owner,
    int Cells,
    int Differences,
    long FlagVersion,
    string Variant,
    string? Folded,
    string? Recomputed,
    long ExposurePosition,
    long EventPosition,
    DateTimeOffset At);
