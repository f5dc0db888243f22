using Delivery.Exposures.Verifying;

namespace Delivery.Exposures.Assignments;

/// <summary>A unit whose newest exposure to a flag is not what the flag gives it.</summary>
/// <param name="Unit">The unit's key.</param>
/// <param name="ExposureId">Its newest exposure, by the sender's time.</param>
/// <param name="Position">Its place in the ledger.</param>
/// <param name="Time">When that was.</param>
/// <param name="Recorded">What was recorded.</param>
/// <param name="Given">What the flag gives.</param>
internal sealed record MisassignedUnit(string Unit, Guid ExposureId, long Position, DateTimeOffset Time, DecisionView Recorded, DecisionView Given);

/// <summary>A page of them.</summary>
/// <param name="Items">By the unit's key.</param>
/// <param name="Checked">Units looked at for this page; most of them may be as they should be.</param>
/// <param name="Underivable">Units among them for which what was recorded does not suffice to say.</param>
/// <param name="Next">Pass as <c>?after=</c> for the next page, also when this one is empty; absent on the last.</param>
internal sealed record AssignmentPage(IReadOnlyList<MisassignedUnit> Items, long Checked, long Underivable, string? Next);
