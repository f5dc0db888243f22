namespace Delivery.Client.Ledger;

/// <summary>What a check of a ledger found.</summary>
/// <param name="Valid">Whether every hash, every link and the head held.</param>
/// <param name="Segments">How many segments were checked.</param>
/// <param name="Rows">How many rows were hashed.</param>
/// <param name="Breaks">What did not hold; at the most 1,000 of it.</param>
/// <param name="Redacted">Segments of which rows were masked on the record; they hold against their hash after that.</param>
/// <param name="Retired">Segments of which rows were deleted on the record; what is left holds against its hash after that.</param>
public sealed record LedgerReport(
    bool Valid, long Segments, long Rows, IReadOnlyList<LedgerBreak> Breaks, IReadOnlyList<long> Redacted, IReadOnlyList<long> Retired);

/// <summary>Something that is not as it was sealed.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Kind"><c>row-changed</c>, <c>row-removed</c>, <c>row-added</c>, <c>chain</c>, <c>seal-missing</c>, <c>unsealed-rows</c>, <c>head</c>.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record LedgerBreak(long Segment, string Kind, string Detail);
