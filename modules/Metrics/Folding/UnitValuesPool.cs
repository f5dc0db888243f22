using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>The values that quantiles count, by unit: a chain of buckets with their counts. A chain's head is a number and one; 0 is none.</summary>
internal sealed class UnitValuesPool
{
    private struct Link
    {
        public int Bucket;
        public int Next;
        public long Count;
    }

    /// <summary>Values below 0 are counted, and in no histogram: what the arm's lacks of the clustering's count is they.</summary>
    private const int Negative = -1;

    private Chunks<Link> _links = new();
    private int _free;

    public long Bytes => _links.Bytes;

    /// <summary>One more value of a unit, and of its arm.</summary>
    public void Add(ref long head, long amount, LogHistogram arm)
    {
        arm.Add(amount);
        var bucket = amount < 0 ? Negative : LogHistogram.BucketOf(amount);
        for (var at = (int)head; at != 0; at = _links[at - 1].Next)
        {
            if (_links[at - 1].Bucket != bucket)
                continue;
            _links[at - 1].Count++;
            return;
        }

        var added = _free == 0 ? _links.Add() : _free - 1;
        ref var link = ref _links[added];
        if (_free != 0)
            _free = link.Next;
        link = new Link { Bucket = bucket, Count = 1, Next = (int)head };
        head = added + 1;
    }

    /// <summary>Takes all values of a unit out of its arm.</summary>
    public void Clear(ref long head, LogHistogram arm)
    {
        while (head != 0)
        {
            ref var link = ref _links[(int)head - 1];
            if (link.Bucket != Negative)
                arm.Retract(LogHistogram.LowestOf(link.Bucket), link.Count);
            (var taken, head, link.Next) = ((int)head, link.Next, _free);
            _free = taken;
        }
    }

    /// <summary>Adds a unit's values to its arm.</summary>
    public void AddTo(LogHistogram arm, long head)
    {
        for (var at = (int)head; at != 0; at = _links[at - 1].Next)
        {
            if (_links[at - 1].Bucket != Negative)
                arm.Add(LogHistogram.LowestOf(_links[at - 1].Bucket), _links[at - 1].Count);
        }
    }

    /// <summary>How many of a unit's values lie in a bucket or below, and how many there are.</summary>
    public (long Below, long All) CountUpTo(long head, int bucket)
    {
        var (below, all) = (0L, 0L);
        for (var at = (int)head; at != 0; at = _links[at - 1].Next)
        {
            all += _links[at - 1].Count;
            below += _links[at - 1].Bucket <= bucket ? _links[at - 1].Count : 0;
        }

        return (below, all);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(_free);
        _links.Write(writer);
    }

    public static UnitValuesPool Read(SnapshotReader reader) => new() { _free = reader.Int(), _links = Chunks<Link>.Read(reader) };
}
