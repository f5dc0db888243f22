namespace Delivery.Segments;

/// <summary>
/// The rows this process committed last, as they are stored: who reads at the head need not ask the database for what was
/// just given to it. Bounded in bytes and in age; what is not here is in the table.
/// </summary>
internal sealed class RecentRows(long mostBytes, TimeProvider time)
{
    /// <summary>A unit that another server forgets is out of here soon after.</summary>
    private static readonly TimeSpan Oldest = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<Group> _groups = [];
    private long _bytes;

    /// <summary>Takes over the rows of a commit, the last of which has this position.</summary>
    public void Add(long lastPosition, StoredGroup rows)
    {
        lock (_lock)
        {
            _groups.Enqueue(new Group(lastPosition, rows, time.GetTimestamp()));
            _bytes += rows.HeldBytes;
            Drop(dropAll: false);
        }
    }

    /// <summary>Forgets everything: stored rows were changed.</summary>
    public void Clear()
    {
        lock (_lock)
            Drop(dropAll: true);
    }

    /// <summary>Decodes the rows after a position, whole commits, about so many; null when the first of them is not here.</summary>
    public IReadOnlyList<TRow>? After<TRow>(long position, int rows, ReadRow<TRow> read)
    {
        var groups = Borrow(position, rows);
        try
        {
            var decoded = new List<TRow>(groups.Count == 0 ? 0 : (int)(groups[^1].LastPosition - position));
            foreach (var group in groups)
                group.Rows.Decode(position + 1 - group.FirstPosition, read, decoded);
            return decoded.Count == 0 ? null : decoded;
        }
        finally
        {
            lock (_lock)
                groups.ForEach(group => group.Readers--);
        }
    }

    private List<Group> Borrow(long position, int rows)
    {
        var groups = new List<Group>();
        lock (_lock)
        {
            Drop(dropAll: false);
            var last = position;
            foreach (var group in _groups.SkipWhile(g => g.LastPosition <= position))
            {
                if (group.FirstPosition > last + 1 || (groups.Count > 0 && group.LastPosition - position > rows))
                    break;
                group.Readers++;
                groups.Add(group);
                last = group.LastPosition;
            }
        }

        return groups;
    }

    private void Drop(bool dropAll)
    {
        while (_groups.TryPeek(out var group) && group.Readers == 0 && (dropAll || _bytes > mostBytes || time.GetElapsedTime(group.At) > Oldest))
        {
            _groups.Dequeue();
            _bytes -= group.Rows.HeldBytes;
            group.Rows.Dispose();
        }
    }

    private sealed class Group(long lastPosition, StoredGroup rows, long at)
    {
        public long FirstPosition { get; } = lastPosition - rows.Count + 1;
        public long LastPosition { get; } = lastPosition;
        public StoredGroup Rows { get; } = rows;
        public long At { get; } = at;

        /// <summary>Who decodes it just now: its memory must not go back to the pool.</summary>
        public int Readers { get; set; }
    }
}
