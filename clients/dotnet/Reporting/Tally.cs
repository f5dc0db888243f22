namespace Delivery.Client.Reporting;

/// <summary>What became of the records of one kind.</summary>
internal sealed class Tally
{
    private long _acknowledged;
    private long _overflowed;
    private long _rejected;
    private long _abandoned;

    internal long Acknowledged => Volatile.Read(ref _acknowledged);

    internal LossCount Losses => new(Volatile.Read(ref _overflowed), Volatile.Read(ref _rejected), Volatile.Read(ref _abandoned));

    internal void Acknowledge(long count) => Interlocked.Add(ref _acknowledged, count);

    internal void Overflow() => Interlocked.Increment(ref _overflowed);

    internal void Reject(long count) => Interlocked.Add(ref _rejected, count);

    internal void Abandon(long count) => Interlocked.Add(ref _abandoned, count);
}
