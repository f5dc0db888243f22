using System.Buffers;

namespace Delivery.Segments;

/// <summary>
/// The memory of bodies and batches. A pool of its own, that keeps all it ever gave: the shared one keeps a few of each size, and what it does
/// not keep under load is large garbage that lies about until a full collection. How much is out at once is bounded by the logs' <see cref="MemoryBudget"/>.
/// </summary>
internal static class BatchMemory
{
    /// <summary>A body, inflated, at its largest takes the next power of two.</summary>
    private const int LargestArray = 16 * 1024 * 1024;

    private const int MostOfASize = 4_096;

    public static ArrayPool<byte> Bytes { get; } = ArrayPool<byte>.Create(LargestArray, MostOfASize);
}
