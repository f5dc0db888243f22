namespace Delivery.Metrics.Health;

/// <summary>What a fold is to do so that it holds less.</summary>
internal enum Lessening
{
    /// <summary>There is room, or what was let go last has not all gone yet.</summary>
    Nothing,

    /// <summary>Rows are waited for less long.</summary>
    Shorten,

    /// <summary>Fewer units are counted.</summary>
    Thin,
}

/// <summary>
/// Keeps what a fold holds at about so many bytes. What waits for late rows grows on until the first of it is old enough to go, so this begins at half of them, and
/// goes on with each eighth that comes on top. Rows are waited for at least a minute as long as fewer units help: which rows come late may depend on the release,
/// which units are counted does not.
/// </summary>
internal sealed class FoldBudget(long mostBytes)
{
    private const int Levels = 16;

    /// <summary>Below this, units are let go first.</summary>
    private static readonly TimeSpan LeastLateness = TimeSpan.FromMinutes(1);

    private readonly long _begin = mostBytes / 2;
    private readonly long _step = mostBytes / 8;

    /// <summary>When so many sixteenths of all were waiting last for the first time since there were fewer.</summary>
    private readonly long[] _reached = new long[Levels + 1];
    private int _level;
    private long _lastTicks = long.MinValue;
    private long _lastBytes;

    /// <summary>What to do, which is to be done then.</summary>
    /// <param name="waiting">Bytes that wait for late rows.</param>
    /// <param name="came">The same without spare room, which grows as rows come in.</param>
    /// <param name="units">Bytes for what is known of units.</param>
    /// <param name="receivedTicks">When the newest row was received.</param>
    /// <param name="limits">Within which rows are counted now.</param>
    /// <param name="canThin">Whether fewer units can be counted.</param>
    public Lessening Decide(long waiting, long came, long units, long receivedTicks, FoldLimits limits, bool canThin)
    {
        Note(came, receivedTicks);
        var total = waiting + units;
        if (total <= _begin)
            return Lessening.Nothing;
        if (units > waiting && canThin)
            return Done(Lessening.Thin, receivedTicks, total);
        // Ids lie in generations of half a span, and go when all of one are old enough.
        var goes = (limits.Lateness + limits.ClockAhead).Ticks / 2 * 3;
        if (_lastTicks != long.MinValue && receivedTicks < _lastTicks + goes && total < _lastBytes + _step)
            return Lessening.Nothing;
        return IsLong(limits) ? Done(Lessening.Shorten, receivedTicks, total)
            : canThin ? Done(Lessening.Thin, receivedTicks, total)
            : limits.IsShortest ? Lessening.Nothing
            : Done(Lessening.Shorten, receivedTicks, total);
    }

    /// <summary>How long the latter half of what waits took to come in: rows are to be waited for so long in all.</summary>
    public TimeSpan Latter(long receivedTicks) => TimeSpan.FromTicks(Math.Max(1, receivedTicks - _reached[(_level + 1) / 2]));

    /// <summary>The shortest that lateness may become in the next step.</summary>
    public static TimeSpan Least(FoldLimits limits) => IsLong(limits) ? LeastLateness : FoldLimits.Shortest;

    private static bool IsLong(FoldLimits limits) => limits.Lateness > LeastLateness || limits.ClockAhead > LeastLateness;

    private void Note(long came, long receivedTicks)
    {
        var level = (int)Math.Min(Levels, came / Math.Max(1, mostBytes / Levels));
        // What is reached for the first time was empty before; it can't have come in earlier than the first row.
        if (_reached[0] == 0)
            _reached[0] = receivedTicks;
        for (var reached = _level + 1; reached <= level; reached++)
            _reached[reached] = receivedTicks;
        _level = level;
    }

    private Lessening Done(Lessening lessening, long receivedTicks, long total)
    {
        (_lastTicks, _lastBytes) = (receivedTicks, total);
        return lessening;
    }
}
