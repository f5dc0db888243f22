namespace Delivery.Metrics.Health;

/// <summary>
/// What is remembered of one unit's exposures to one flag: which cells it met and when first (kept), and every exposure
/// young enough that a late one may still come before it (trimmed). Most units have one of each, which takes no array.
/// </summary>
/// <param name="flag">The flag.</param>
/// <param name="first">The unit's first exposure to it that was folded; its cell is met.</param>
/// <param name="next">What is remembered of the unit's next flag.</param>
internal sealed class UnitFlag(FlagCells flag, Met first, UnitFlag? next)
{
    /// <summary>What one takes.</summary>
    public const int Bytes = 88;

    private const int ArrayBytes = 24;
    private const int MetBytes = 16;
    private static readonly Met[] NoMore = [];

    private Met _first = first;
    private Met[] _moreFirsts = NoMore;

    /// <summary>By time; the only one is outside of the array.</summary>
    private Met _only;
    private Met[]? _timeline;
    private int _timelineCount;

    public FlagCells Flag { get; } = flag;

    public UnitFlag? Next { get; set; } = next;

    /// <summary>One more exposure makes the timeline grow; time to trim.</summary>
    public bool IsFull => _timelineCount == (_timeline?.Length ?? 1);

    /// <summary>The cells the unit met, each with its first time.</summary>
    public IReadOnlyCollection<Met> Firsts => [_first, .. _moreFirsts];

    /// <summary>The exposures, oldest first.</summary>
    private Span<Met> Timeline => _timeline is null ? new Span<Met>(ref _only)[.._timelineCount] : _timeline.AsSpan(0, _timelineCount);

    /// <summary>The flag's first exposure of the unit in this version: where its conversions count.</summary>
    public Met? FirstOf(long version)
    {
        Met? first = _first.Cell.Version == version ? _first : null;
        foreach (var met in _moreFirsts)
        {
            if (met.Cell.Version == version && (first is not { } f || met.CompareTo(f) < 0))
                first = met;
        }

        return first;
    }

    /// <summary>The unit did something, and before that not since <paramref name="latest"/>: it counts where the unit met a version first, if that lies between.</summary>
    public void Convert(string name, long latest, long ticks)
    {
        ConvertIn(_first);
        foreach (var met in _moreFirsts)
            ConvertIn(met);

        void ConvertIn(Met met)
        {
            if (met.Ticks > latest && met.Ticks <= ticks && FirstOf(met.Cell.Version) == met)
                met.Cell.Convert(name, 1);
        }
    }

    /// <summary>When the unit met the cell first; null when it did not.</summary>
    public long? FirstOf(Cell cell)
    {
        if (_first.Cell == cell)
            return _first.Ticks;
        var index = Array.FindIndex(_moreFirsts, met => met.Cell == cell);
        return index < 0 ? null : _moreFirsts[index].Ticks;
    }

    /// <summary>The unit met a cell, or met it earlier than was known.</summary>
    public void First(Met met, FoldMemory memory)
    {
        if (_first.Cell == met.Cell)
        {
            _first = met;
            return;
        }

        var index = Array.FindIndex(_moreFirsts, known => known.Cell == met.Cell);
        if (index >= 0)
        {
            _moreFirsts[index] = met;
            return;
        }

        _moreFirsts = [.. _moreFirsts, met];
        memory.Units += _moreFirsts.Length == 1 ? ArrayBytes + MetBytes : MetBytes;
    }

    /// <summary>The cell in force at a time: that of the latest exposure at or before it.</summary>
    public Cell? At(long ticks)
    {
        var after = UpperBound(ticks);
        return after == 0 ? null : Timeline[after - 1].Cell;
    }

    /// <summary>
    /// Puts an exposure in its place and says what it changes: requests in [from, to) belong to <paramref name="met"/>'s
    /// cell now and belonged to <c>Before</c>. Null when nothing changes.
    /// </summary>
    public Shift? Insert(Met met, FoldMemory memory)
    {
        var place = UpperBound(met);
        var before = place == 0 ? default : Timeline[place - 1];
        if (place > 0 && before == met)
            return null;
        var until = place == _timelineCount ? long.MaxValue : Timeline[place].Ticks;
        if (IsFull)
            Hold(Math.Max(2, _timelineCount * 2), memory);
        _timelineCount++;
        var timeline = Timeline;
        timeline[place..^1].CopyTo(timeline[(place + 1)..]);
        timeline[place] = met;
        return before.Cell == met.Cell || until == met.Ticks ? null : new Shift(met.Ticks, until, before.Cell, met.Cell);
    }

    /// <summary>Nothing older than <paramref name="settledTicks"/> is to come: only the exposure in force then is needed, and what came after.</summary>
    public void Trim(long settledTicks, FoldMemory memory)
    {
        var drop = UpperBound(settledTicks) - 1;
        if (drop <= 0)
            return;
        var timeline = Timeline;
        timeline[drop..].CopyTo(timeline);
        timeline[^drop..].Clear();
        _timelineCount -= drop;
        if (_timelineCount == 1 || _timelineCount < _timeline!.Length / 4)
            Hold(_timelineCount, memory);
    }

    /// <summary>What is remembered goes, and what it took.</summary>
    public void Free(FoldMemory memory)
    {
        memory.Units -= Bytes + (_moreFirsts.Length == 0 ? 0 : ArrayBytes + (_moreFirsts.Length * MetBytes));
        memory.Waiting -= TimelineBytes;
    }

    private long TimelineBytes => _timeline is null ? 0 : ArrayBytes + (_timeline.Length * MetBytes);

    private void Hold(int room, FoldMemory memory)
    {
        memory.Waiting -= TimelineBytes;
        var timeline = Timeline;
        if (room == 1)
        {
            (_only, _timeline) = (timeline[0], null);
        }
        else
        {
            var larger = new Met[room];
            timeline.CopyTo(larger);
            (_only, _timeline) = (default, larger);
        }

        memory.Waiting += TimelineBytes;
    }

    private int UpperBound(long ticks)
    {
        var timeline = Timeline;
        var place = timeline.Length;
        while (place > 0 && timeline[place - 1].Ticks > ticks)
            place--;
        return place;
    }

    private int UpperBound(Met met)
    {
        var timeline = Timeline;
        var place = timeline.Length;
        while (place > 0 && timeline[place - 1].CompareTo(met) > 0)
            place--;
        return place;
    }
}

/// <summary>A unit met a cell at a time.</summary>
internal readonly record struct Met(long Ticks, Cell Cell) : IComparable<Met>
{
    /// <summary>By time, then by cell: a total order, so that it does not matter which exposure was folded first.</summary>
    public int CompareTo(Met other) => Ticks != other.Ticks ? Ticks.CompareTo(other.Ticks) : Cell.CompareTo(other.Cell);
}

/// <summary>Requests of a unit in [<paramref name="From"/>, <paramref name="To"/>) move from one cell to another.</summary>
internal readonly record struct Shift(long From, long To, Cell? Before, Cell After);
