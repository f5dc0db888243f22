namespace Delivery.Segments;

/// <summary>
/// Rows were deleted because the time they are kept for was over. Their seals stay, and so does the chain.
/// </summary>
/// <param name="Day">The day of receipt (UTC).</param>
/// <param name="Group">Whose rows, such as an environment's; null where all of the day were.</param>
/// <param name="Rows">How many.</param>
/// <param name="FirstSegment">The first segment concerned.</param>
/// <param name="LastSegment">The last segment concerned.</param>
/// <param name="Segments">The segments that keep others' rows, with their new hashes; empty where nothing of any of them is left.</param>
internal sealed record RowsRetired(
    DateOnly Day, string? Group, long Rows, long FirstSegment, long LastSegment, IReadOnlyList<ResealedSegment> Segments);

/// <summary>Segments of which rows were retired, on the record.</summary>
/// <param name="FirstSegment">The first of a run.</param>
/// <param name="LastSegment">The last of it.</param>
public sealed record RetiredSegments(long FirstSegment, long LastSegment);
