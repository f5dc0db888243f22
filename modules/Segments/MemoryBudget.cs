namespace Delivery.Segments;

/// <summary>
/// The bytes that bodies being read and batches waiting for their commit may hold together. What does not fit is refused,
/// so overload costs its senders a retry and never the server its life.
/// </summary>
public sealed class MemoryBudget(long capacityBytes)
{
    private long _taken;

    /// <summary>Bytes held now.</summary>
    public long TakenBytes => Interlocked.Read(ref _taken);

    /// <summary>Takes so many bytes, or none.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= capacityBytes)
            return true;
        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
