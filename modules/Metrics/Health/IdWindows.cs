using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// Ids of version 7 by the time in them: what was made at about the same time comes in at about the same time, so that nearly all look-ups
/// are in the newest of many small tables, which stays in the processor's cache. One large table costs a miss of cache and page table each.
/// </summary>
/// <remarks>
/// A window ends when it holds enough ids, after the newest time in it: no id that is there ever belongs to another window. What was
/// made before that and comes later goes where it belongs; the later it comes, the more of it is a miss.
/// </remarks>
internal sealed class IdWindows(TimeSpan span)
{
    /// <summary>A megabyte.</summary>
    private const int Slots = 1 << 16;

    /// <summary>A window is full at this; beyond three quarters its table would grow.</summary>
    private const int Full = Slots / 16 * 11;

    private readonly List<Window> _windows = [new Window(long.MinValue, new IdTable())];
    private TimeSpan _span = span;
    private int _count;

    /// <summary>A window ends at so many: what comes later than its like, and belongs there, fills it up.</summary>
    private int _enough = Full;

    public int Count => _count;

    public long Bytes => _windows.Sum(window => window.Table.Bytes);

    public bool Contains(UInt128 id, ulong mixed, long milliseconds) => Of(milliseconds).Table.Contains(id, mixed);

    /// <summary>False when it is there already.</summary>
    /// <param name="id">The id.</param>
    /// <param name="mixed">What <see cref="IdTable.Mix"/> makes of it.</param>
    /// <param name="milliseconds">The time in it.</param>
    /// <param name="receivedTicks">When it came in.</param>
    public bool Add(UInt128 id, ulong mixed, long milliseconds, long receivedTicks)
    {
        var window = Of(milliseconds);
        if (!window.Table.Add(id, mixed))
            return false;
        _count++;
        window.Newest = Math.Max(window.Newest, milliseconds);
        window.LastReceived = Math.Max(window.LastReceived, receivedTicks);
        if (window.Table.Count >= _enough && window == _windows[^1])
            End(window, receivedTicks);
        return true;
    }

    public void Prefetch(ulong mixed, long milliseconds) => Of(milliseconds).Table.Prefetch(mixed);

    /// <summary>Ids are to be known for a shorter span from now on.</summary>
    public void Shorten(TimeSpan shorter, long receivedTicks)
    {
        _span = shorter;
        Forget(receivedTicks);
    }

    /// <summary>Lets windows go whose last id came in more than the span ago.</summary>
    public void Forget(long receivedTicks)
    {
        var old = 0;
        while (old < _windows.Count - 1 && _windows[old].LastReceived < receivedTicks - _span.Ticks)
            _count -= _windows[old++].Table.Count;
        _windows.RemoveRange(0, old);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(_windows.Count);
        foreach (var window in _windows)
        {
            writer.Long(window.Start);
            writer.Long(window.Newest);
            writer.Long(window.LastReceived);
            window.Table.Write(writer);
        }
    }

    public static IdWindows Read(SnapshotReader reader, TimeSpan span)
    {
        var read = new IdWindows(span);
        read._windows.Clear();
        for (var left = reader.Int(); left > 0; left--)
        {
            var (start, newest, lastReceived) = (reader.Long(), reader.Long(), reader.Long());
            read._windows.Add(new Window(start, IdTable.Read(reader)) { Newest = newest, LastReceived = lastReceived });
            read._windows[^1].EndedAt = read._windows[^1].Table.Count;
            read._count += read._windows[^1].Table.Count;
        }

        return read;
    }

    private void End(Window window, long receivedTicks)
    {
        // As many as came late for the window before will come late for this one and the next.
        var late = _windows.Count > 1 ? Math.Max(0, _windows[^2].Table.Count - _windows[^2].EndedAt) : 0;
        _enough = Math.Clamp(Full - late, Slots / 4, Full);
        window.EndedAt = window.Table.Count;
        Forget(receivedTicks);
        _windows.Add(new Window(window.Newest + 1, new IdTable(Slots)));
    }

    private Window Of(long milliseconds) => _windows[^1] is var newest && milliseconds >= newest.Start ? newest : Earlier(milliseconds);

    private Window Earlier(long milliseconds)
    {
        var (low, high) = (0, _windows.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_windows[middle].Start <= milliseconds)
                low = middle;
            else
                high = middle - 1;
        }

        return _windows[low];
    }

    /// <summary>The ids whose time is at its start or later, and before the next one's.</summary>
    private sealed class Window(long start, IdTable table)
    {
        public long Start { get; } = start;

        public IdTable Table { get; } = table;

        public long Newest { get; set; } = start;

        public long LastReceived { get; set; } = long.MinValue;

        /// <summary>How many there were when the next window began.</summary>
        public int EndedAt { get; set; }
    }
}
