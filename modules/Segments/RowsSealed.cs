namespace Delivery.Segments;

/// <summary>
/// A group of rows was committed, and its content fixed. The event's version in its stream is the segment's number.
/// </summary>
/// <param name="Segment">The segment's number: 1, 2, 3, ...</param>
/// <param name="FirstPosition">The first row's position.</param>
/// <param name="LastPosition">The last row's position.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Hash">SHA-256 over the canonical rows in the order of their position, then the previous hash; lower-case hex.</param>
/// <param name="PreviousHash">The previous segment's hash; 64 zeros for the first segment.</param>
/// <param name="ReceivedAt">What every row of the segment says in <c>received_at</c>.</param>
/// <param name="Format">Which columns the canonical rows have; 1 until a column is added.</param>
internal sealed record RowsSealed(
    long Segment, long FirstPosition, long LastPosition, long Rows, string Hash, string PreviousHash, DateTimeOffset ReceivedAt, int Format = 1);
