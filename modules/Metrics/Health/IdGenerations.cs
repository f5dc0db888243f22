using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// Ids by their receipt, in three generations of half the span each: an id is known for at least one span, and at most one and a half.
/// </summary>
internal sealed class IdGenerations(TimeSpan span)
{
    private readonly long _generationTicks = Math.Max(1, span.Ticks / 2);
    private IdSet _newest = new();
    private IdSet _middle = new();
    private IdSet _oldest = new();
    private long _generation = long.MinValue;
    private long _generationEnds = long.MinValue;

    public int Count => _newest.Count + _middle.Count + _oldest.Count;

    public long Bytes => _newest.Bytes + _middle.Bytes + _oldest.Bytes;

    /// <summary>Notes when a row came in. True when a generation is over.</summary>
    public bool Turn(long receivedTicks)
    {
        if (receivedTicks < _generationEnds)
            return false;
        var generation = receivedTicks / _generationTicks;
        var turns = _generation == long.MinValue ? 0 : Math.Min(3, generation - _generation);
        for (; turns > 0; turns--)
            (_oldest, _middle, _newest) = (_middle, _newest, new IdSet());
        (_generation, _generationEnds) = (generation, (generation + 1) * _generationTicks);
        return true;
    }

    public bool Contains(UInt128 id, ulong mixed) => _newest.Contains(id, mixed) || _middle.Contains(id, mixed) || _oldest.Contains(id, mixed);

    /// <summary>False when it is there already.</summary>
    public bool Add(UInt128 id, ulong mixed) => !_middle.Contains(id, mixed) && !_oldest.Contains(id, mixed) && _newest.Add(id, mixed);

    /// <summary>Asks for the memory of an id's slots ahead of its use; a hint that can't fail.</summary>
    public void Prefetch(ulong mixed)
    {
        _newest.Prefetch(mixed);
        _middle.Prefetch(mixed);
        _oldest.Prefetch(mixed);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Long(_generation);
        _newest.Write(writer);
        _middle.Write(writer);
        _oldest.Write(writer);
    }

    public static IdGenerations Read(SnapshotReader reader, TimeSpan span) => new(span)
    {
        _generation = reader.Long(),
        _newest = IdSet.Read(reader),
        _middle = IdSet.Read(reader),
        _oldest = IdSet.Read(reader),
    };
}
