using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// Which ids were counted already: an id is known for at least one span after its receipt. A repeat that comes later than that is older
/// than any row that is still counted. Ids of version 7 lie by the time in them, if that is about the time of their receipt; all others by their hash.
/// </summary>
internal sealed class RecentIds(TimeSpan span)
{
    /// <summary>An id of version 7 that is older when it comes in says nothing about when its like will come.</summary>
    private static readonly long OldestMilliseconds = (long)TimeSpan.FromDays(1).TotalMilliseconds;

    /// <summary>How far senders' clocks may be ahead.</summary>
    private static readonly long NewestMilliseconds = (long)TimeSpan.FromSeconds(10).TotalMilliseconds;

    private IdGenerations _others = new(span);

    /// <summary>Ids of version 7 of other times than their receipt's.</summary>
    private IdGenerations _strays = new(span);
    private IdWindows _timed = new(span);

    public int Count => _others.Count + _strays.Count + _timed.Count;

    public long Bytes => _others.Bytes + _strays.Bytes + _timed.Bytes;

    /// <summary>False when the id was met before.</summary>
    public bool Meet(Guid id, DateTimeOffset receivedAt)
    {
        var key = IdSet.Key(id);
        return Meet(key, IdTable.Mix(key), receivedAt.UtcTicks);
    }

    /// <summary>False when the id was met before.</summary>
    /// <param name="key">The id.</param>
    /// <param name="mixed">What <see cref="IdTable.Mix"/> makes of it.</param>
    /// <param name="receivedTicks">When it came in.</param>
    public bool Meet(UInt128 key, ulong mixed, long receivedTicks)
    {
        Age(receivedTicks);
        if (!TryTime(key, out var milliseconds))
            return _others.Add(key, mixed);
        var age = ((receivedTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond) - milliseconds;
        if (age > OldestMilliseconds || age < -NewestMilliseconds)
            return !_timed.Contains(key, mixed, milliseconds) && _strays.Add(key, mixed);
        return (_strays.IsEmpty || !_strays.Contains(key, mixed)) && _timed.Add(key, mixed, milliseconds, receivedTicks);
    }

    /// <summary>Rows that came in before this are through: ids go that are older by the span.</summary>
    public void Age(long receivedTicks)
    {
        if (!_others.Turn(receivedTicks))
            return;
        _strays.Turn(receivedTicks);
        _timed.Forget(receivedTicks);
    }

    /// <summary>Ids are to be known for a shorter span from now on.</summary>
    public void Shorten(TimeSpan shorter, long receivedTicks)
    {
        _others.Shorten(shorter, receivedTicks);
        _strays.Shorten(shorter, receivedTicks);
        _timed.Shorten(shorter, receivedTicks);
    }

    /// <summary>A hint that <see cref="Meet(UInt128, ulong, long)"/> comes soon for these.</summary>
    /// <remarks>In a loop of its own: a hint waits until its page is found, and only hints that follow each other closely do so together.</remarks>
    public void Prefetch(ReadOnlySpan<UInt128> keys, ReadOnlySpan<ulong> mixed)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            if (TryTime(keys[i], out var milliseconds))
                _timed.Prefetch(mixed[i], milliseconds);
            else
                _others.Prefetch(mixed[i]);
        }
    }

    public void Write(SnapshotWriter writer)
    {
        _others.Write(writer);
        _strays.Write(writer);
        _timed.Write(writer);
    }

    public static RecentIds Read(SnapshotReader reader, TimeSpan span) => new(span)
    {
        _others = IdGenerations.Read(reader, span),
        _strays = IdGenerations.Read(reader, span),
        _timed = IdWindows.Read(reader, span),
    };

    /// <summary>The time in an id of version 7, in milliseconds since 1970; a <see cref="Guid"/> has its first three parts in this machine's order.</summary>
    private static bool TryTime(UInt128 key, out long milliseconds)
    {
        var first = (ulong)key;
        milliseconds = (long)(((first & 0xFFFF_FFFF) << 16) | ((first >> 32) & 0xFFFF));
        return first >> 60 == 7;
    }
}
