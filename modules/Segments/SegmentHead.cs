namespace Delivery.Segments;

/// <summary>Where a log stands.</summary>
/// <param name="Segment">The last segment's number; 0 when there is none.</param>
/// <param name="Position">The last row's position; 0 when there is none.</param>
/// <param name="Hash">The last segment's hash: all zeros when there is none.</param>
/// <param name="ReceivedAt">When the last segment was written, or null.</param>
public sealed record SegmentHead(long Segment, long Position, ReadOnlyMemory<byte> Hash, DateTimeOffset? ReceivedAt)
{
    /// <summary>A log without rows.</summary>
    public static SegmentHead Empty { get; } = new(0, 0, new byte[32], null);
}
