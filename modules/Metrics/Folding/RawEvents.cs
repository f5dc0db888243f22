namespace Delivery.Metrics.Folding;

/// <summary>A raw event in memory: a late earlier exposure works its unit out again from these.</summary>
internal struct RawAmount
{
    public long Ticks;
    public long Amount;

    /// <summary>The set of sources it counts for; negative when its place is free.</summary>
    public int Set;

    /// <summary>The number and one of the unit's next; 0 at the end.</summary>
    public int Next;
}

/// <summary>
/// The raw events of a shard, in chains by unit: a chain's head is a number and one, 0 when it is empty. Places that become free are
/// taken again, so nothing is ever copied; how many events are of an age tells when it is worth looking for old ones.
/// </summary>
internal sealed class RawEvents
{
    /// <summary>Fewer are not looked through.</summary>
    private const int Least = 64;

    /// <summary>An age is 2^40 ticks: 30 hours.</summary>
    private const int AgeBits = 40;
    private const int Ages = 256;

    private readonly int[] _byAge = new int[Ages];
    private Chunks<RawAmount> _events = new(cleared: false);
    private int _free;
    private int _lookAt = Least;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public long Bytes => _events.Bytes;

    /// <summary>By its number and one.</summary>
    public ref readonly RawAmount this[int head] => ref _events[head - 1];

    /// <summary>One more event at the head of a chain; gives the new head.</summary>
    public int Add(in UnitAmount amount, int next)
    {
        var head = _free;
        if (head == 0)
            head = _events.Add() + 1;
        else
            _free = _events[head - 1].Next;
        _events[head - 1] = new RawAmount { Ticks = amount.Ticks, Amount = amount.Amount, Set = amount.Set, Next = next };
        _byAge[AgeOf(amount.Ticks)]++;
        Count++;
        return head;
    }

    /// <summary>Whether a third of the events, or more, lies before a moment. It is looked at when a sixteenth came anew.</summary>
    public bool IsWorthSweeping(long keepSince)
    {
        if (Count < _lookAt)
            return false;
        var (old, age) = (0L, keepSince >> AgeBits);
        for (var before = 1; before <= Ages / 2; before++)
            old += _byAge[(int)(age - before) & (Ages - 1)];
        _lookAt = Math.Max(Least, Count + (Count / 16));
        return old >= Count / 3;
    }

    /// <summary>Takes the events before a moment out of a chain.</summary>
    public void Sweep(ref int head, long keepSince)
    {
        var (kept, next) = (0, head);
        for (var at = head; at != 0; at = next)
        {
            ref var raw = ref _events[at - 1];
            next = raw.Next;
            if (raw.Ticks >= keepSince)
            {
                (raw.Next, kept) = (kept, at);
                continue;
            }

            _byAge[AgeOf(raw.Ticks)]--;
            Count--;
            (raw.Set, raw.Next, _free) = (-1, _free, at);
        }

        head = kept;
    }

    /// <summary>All chains were swept.</summary>
    public void Swept() => _lookAt = Math.Max(Least, Count + (Count / 16));

    public void Write(SnapshotWriter writer)
    {
        writer.Int(_free);
        _events.Write(writer);
    }

    public static RawEvents Read(SnapshotReader reader)
    {
        var read = new RawEvents { _free = reader.Int(), _events = Chunks<RawAmount>.Read(reader, cleared: false) };
        for (var at = 0; at < read._events.Count; at++)
        {
            ref readonly var raw = ref read._events[at];
            if (raw.Set < 0)
                continue;
            read._byAge[AgeOf(raw.Ticks)]++;
            read.Count++;
        }

        read.Swept();
        return read;
    }

    private static int AgeOf(long ticks) => (int)(ticks >> AgeBits) & (Ages - 1);
}
