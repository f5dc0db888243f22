using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// Which ids were counted already, in three generations of half the span each: an id is known for at least one span after
/// its receipt. A repeat that comes later than that is older than any row that is still counted.
/// </summary>
internal sealed class RecentIds(TimeSpan span)
{
    private readonly long _generationTicks = Math.Max(1, span.Ticks / 2);
    private IdSet _newest = new();
    private IdSet _middle = new();
    private IdSet _oldest = new();
    private long _generation = long.MinValue;
    private long _generationEnds = long.MinValue;

    public int Count => _newest.Count + _middle.Count + _oldest.Count;

    /// <summary>False when the id was met before.</summary>
    public bool Meet(Guid id, DateTimeOffset receivedAt)
    {
        if (receivedAt.UtcTicks >= _generationEnds)
            Turn(receivedAt.UtcTicks / _generationTicks);
        var key = IdSet.Key(id);
        return !_middle.Contains(key) && !_oldest.Contains(key) && _newest.Add(key);
    }

    public long Bytes => _newest.Bytes + _middle.Bytes + _oldest.Bytes;

    /// <summary>A hint that <see cref="Meet"/> comes soon.</summary>
    public void Prefetch(Guid id)
    {
        var key = IdSet.Key(id);
        _newest.Prefetch(key);
        _middle.Prefetch(key);
        _oldest.Prefetch(key);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Long(_generation);
        _newest.Write(writer);
        _middle.Write(writer);
        _oldest.Write(writer);
    }

    public static RecentIds Read(SnapshotReader reader, TimeSpan span) => new(span)
    {
        _generation = reader.Long(),
        _newest = IdSet.Read(reader),
        _middle = IdSet.Read(reader),
        _oldest = IdSet.Read(reader),
    };

    private void Turn(long generation)
    {
        if (generation <= _generation)
            return;
        var turns = _generation == long.MinValue ? 0 : Math.Min(3, generation - _generation);
        for (; turns > 0; turns--)
            (_oldest, _middle, _newest) = (_middle, _newest, new IdSet());
        (_generation, _generationEnds) = (generation, (generation + 1) * _generationTicks);
    }
}
