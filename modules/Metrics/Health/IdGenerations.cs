using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// Ids by their receipt, in generations of half the span each: an id is known for at least one span, and at most one and a half.
/// </summary>
internal sealed class IdGenerations(TimeSpan span)
{
    private readonly List<Generation> _older = [];
    private IdSet _newest = new();
    private long _newestEnds = long.MinValue;
    private TimeSpan _span = span;

    public int Count => _newest.Count + _older.Sum(generation => generation.Ids.Count);

    public bool IsEmpty => _newest.Count == 0 && _older.Count == 0;

    public long Bytes => _newest.Bytes + _older.Sum(generation => generation.Ids.Bytes);

    /// <summary>Notes when a row came in. True when a generation is over.</summary>
    public bool Turn(long receivedTicks)
    {
        if (receivedTicks < _newestEnds)
            return false;
        if (_newest.Count > 0)
        {
            _older.Add(new Generation(_newest, _newestEnds));
            _newest = new IdSet();
        }

        _newestEnds = receivedTicks + Math.Max(1, _span.Ticks / 2);
        Forget(receivedTicks);
        return true;
    }

    /// <summary>Ids are to be known for a shorter span from now on.</summary>
    public void Shorten(TimeSpan span, long receivedTicks)
    {
        _span = span;
        // What there is goes as one, as soon as it may; it would be waited for much longer if more were added to it.
        _newestEnds = receivedTicks;
        Turn(receivedTicks);
    }

    public bool Contains(UInt128 id, ulong mixed) => _newest.Contains(id, mixed) || OlderContains(id, mixed);

    /// <summary>False when it is there already.</summary>
    public bool Add(UInt128 id, ulong mixed) => !OlderContains(id, mixed) && _newest.Add(id, mixed);

    /// <summary>Asks for the memory of an id's slots ahead of its use; a hint that can't fail.</summary>
    public void Prefetch(ulong mixed)
    {
        _newest.Prefetch(mixed);
        foreach (var generation in _older)
            generation.Ids.Prefetch(mixed);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Long(_newestEnds);
        _newest.Write(writer);
        writer.Int(_older.Count);
        foreach (var generation in _older)
        {
            writer.Long(generation.LastReceived);
            generation.Ids.Write(writer);
        }
    }

    public static IdGenerations Read(SnapshotReader reader, TimeSpan span)
    {
        var read = new IdGenerations(span) { _newestEnds = reader.Long(), _newest = IdSet.Read(reader) };
        for (var left = reader.Int(); left > 0; left--)
        {
            var lastReceived = reader.Long();
            read._older.Add(new Generation(IdSet.Read(reader), lastReceived));
        }

        return read;
    }

    private bool OlderContains(UInt128 id, ulong mixed)
    {
        foreach (var generation in _older)
        {
            if (generation.Ids.Contains(id, mixed))
                return true;
        }

        return false;
    }

    private void Forget(long receivedTicks) => _older.RemoveAll(generation => generation.LastReceived < receivedTicks - _span.Ticks);

    /// <summary>Ids that came in no later than a time.</summary>
    private sealed record Generation(IdSet Ids, long LastReceived);
}
