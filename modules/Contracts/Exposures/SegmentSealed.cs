namespace Delivery.Contracts.Exposures;

/// <summary>A run of ledger rows was committed and sealed.</summary>
/// <param name="Segment">The segment's number: 1, 2, 3, ...</param>
/// <param name="FirstPosition">The first row's position.</param>
/// <param name="LastPosition">The last row's position.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Hash">SHA-256 over the canonical rows and the previous segment's hash, lower-case hex.</param>
public sealed record SegmentSealed(long Segment, long FirstPosition, long LastPosition, long Rows, string Hash);
