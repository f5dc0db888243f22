namespace Delivery.Metrics.Health;

/// <summary>
/// What is remembered of one unit's exposures to one flag: which cells it met and when first (kept), and every exposure
/// young enough that a late one may still come before it (trimmed).
/// </summary>
internal sealed class UnitFlag(FlagCells flag)
{
    private Met[] _timeline = new Met[1];
    private int _timelineCount;

    public FlagCells Flag { get; } = flag;

    /// <summary>One more exposure makes the timeline grow; time to trim.</summary>
    public bool IsFull => _timelineCount == _timeline.Length;

    /// <summary>The cells the unit met, each with its first time.</summary>
    public List<Met> First { get; } = new(1);

    /// <summary>The flag's first exposure of the unit in this version: where its conversions count.</summary>
    public Met? FirstOf(long version)
    {
        Met? first = null;
        foreach (var met in First)
        {
            if (met.Cell.Version == version && (first is not { } f || met.CompareTo(f) < 0))
                first = met;
        }

        return first;
    }

    /// <summary>The cell in force at a time: that of the latest exposure at or before it.</summary>
    public Cell? At(long ticks)
    {
        var after = UpperBound(ticks);
        return after == 0 ? null : _timeline[after - 1].Cell;
    }

    /// <summary>
    /// Puts an exposure in its place and says what it changes: requests in [from, to) belong to <paramref name="met"/>'s
    /// cell now and belonged to <c>Before</c>. Null when nothing changes.
    /// </summary>
    public Shift? Insert(Met met)
    {
        var place = UpperBound(met);
        var before = place == 0 ? null : _timeline[place - 1].Cell;
        var until = place == _timelineCount ? long.MaxValue : _timeline[place].Ticks;
        if (_timelineCount == _timeline.Length)
            Array.Resize(ref _timeline, _timeline.Length * 2);
        Array.Copy(_timeline, place, _timeline, place + 1, _timelineCount - place);
        _timeline[place] = met;
        _timelineCount++;
        return before == met.Cell || until == met.Ticks ? null : new Shift(met.Ticks, until, before, met.Cell);
    }

    /// <summary>Nothing older than <paramref name="settledTicks"/> is to come: only the exposure in force then is needed, and what came after.</summary>
    public void Trim(long settledTicks)
    {
        var drop = UpperBound(settledTicks) - 1;
        if (drop <= 0)
            return;
        Array.Copy(_timeline, drop, _timeline, 0, _timelineCount - drop);
        Array.Clear(_timeline, _timelineCount - drop, drop);
        _timelineCount -= drop;
    }

    private int UpperBound(long ticks)
    {
        var place = _timelineCount;
        while (place > 0 && _timeline[place - 1].Ticks > ticks)
            place--;
        return place;
    }

    private int UpperBound(Met met)
    {
        var place = _timelineCount;
        while (place > 0 && _timeline[place - 1].CompareTo(met) > 0)
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
