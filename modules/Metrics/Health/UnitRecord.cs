namespace Delivery.Metrics.Health;

/// <summary>
/// One unit in one environment: enough to put each of its requests and conversions into the right cell whatever the order
/// in which exposures and events arrive.
/// </summary>
internal sealed class UnitRecord(ulong unit)
{
    private static readonly List<RequestSample> NoRequests = [];
    private static readonly List<(string Name, long Latest)> NoConversions = [];

    /// <summary>Most units have none of them: a list of its own comes with the first.</summary>
    private List<RequestSample> _requests = NoRequests;
    private List<(string Name, long Latest)> _conversions = NoConversions;
    private long _lastEvent;

    public List<UnitFlag> Flags { get; } = new(1);

    /// <summary>For how many requests there is room.</summary>
    public int HeldRequests => _requests.Capacity;

    public bool IsEmpty => Flags.Count == 0 && _requests.Count == 0 && _conversions.Count == 0;

    /// <summary>The unit met a flag.</summary>
    public void Expose(FlagCells flag, Met met, long settledTicks)
    {
        var known = Find(flag);
        if (known is null)
        {
            known = new UnitFlag(flag);
            Flags.Add(known);
            flag.LastEvent = Math.Max(flag.LastEvent, _lastEvent);
        }

        Meet(known, met);
        if (known.IsFull)
        {
            Trim(settledTicks);
            known.Trim(settledTicks);
        }

        if (known.Insert(met) is { } shift)
            Move(shift);
    }

    /// <summary>A request of the unit that doesn't say what it evaluated: it belongs to what the unit was exposed to then.</summary>
    public void Request(RequestSample sample, long receivedTicks, long settledTicks)
    {
        Touch(receivedTicks);
        foreach (var flag in Flags)
            flag.At(sample.Ticks)?.Add(unit, sample);
        if (_requests.Count == _requests.Capacity)
            Trim(settledTicks);
        if (_requests == NoRequests)
            _requests = new(1);
        var place = _requests.Count;
        while (place > 0 && _requests[place - 1].Ticks > sample.Ticks)
            place--;
        _requests.Insert(place, sample);
    }

    /// <summary>The unit did something. What counts per first exposure is whether the latest such event is not before it.</summary>
    public void Convert(string name, long ticks, long receivedTicks)
    {
        Touch(receivedTicks);
        var index = _conversions.FindIndex(c => c.Name == name);
        var latest = index < 0 ? long.MinValue : _conversions[index].Latest;
        if (ticks <= latest)
            return;
        foreach (var flag in Flags)
        {
            foreach (var met in flag.First)
            {
                if (met.Ticks > latest && met.Ticks <= ticks && flag.FirstOf(met.Cell.Version) == met)
                    met.Cell.Convert(name, 1);
            }
        }

        if (index < 0 && _conversions == NoConversions)
            _conversions = [(name, ticks)];
        else if (index < 0)
            _conversions.Add((name, ticks));
        else
            _conversions[index] = (name, ticks);
    }

    /// <summary>Forgets requests no exposure to come can precede; before the exposures they belong to are trimmed.</summary>
    public void Trim(long settledTicks)
    {
        var settled = 0;
        while (settled < _requests.Count && _requests[settled].Ticks < settledTicks)
        {
            foreach (var flag in Flags)
                flag.At(_requests[settled].Ticks)?.Settle(_requests[settled]);
            settled++;
        }

        _requests.RemoveRange(0, settled);
        if (_requests.Count == 0)
            _requests = NoRequests;
        else if (_requests.Capacity > 16 && _requests.Count < _requests.Capacity / 4)
            _requests.TrimExcess();
    }

    /// <summary>Forgets dropped flags, and conversions older than any flag that is left.</summary>
    public void Forget(HashSet<FlagCells> dropped, long sinceTicks)
    {
        Flags.RemoveAll(flag => dropped.Contains(flag.Flag));
        if (Flags.Count == 0)
            _conversions.RemoveAll(conversion => conversion.Latest < sinceTicks);
    }

    private void Touch(long receivedTicks)
    {
        _lastEvent = Math.Max(_lastEvent, receivedTicks);
        foreach (var flag in Flags)
            flag.Flag.LastEvent = Math.Max(flag.Flag.LastEvent, receivedTicks);
    }

    /// <summary>Notes the first time in the cell; a version's conversions follow the version's first exposure.</summary>
    private void Meet(UnitFlag flag, Met met)
    {
        var version = met.Cell.Version;
        var before = flag.FirstOf(version);
        var index = flag.First.FindIndex(m => m.Cell == met.Cell);
        if (index < 0)
        {
            met.Cell.Units++;
            if (before is not null)
                flag.Flag.Overlapped([.. flag.First.Where(m => m.Cell.Version == version).Select(m => m.Cell)], met.Cell);
            flag.First.Add(met);
        }
        else if (met.Ticks < flag.First[index].Ticks)
        {
            flag.First[index] = met;
        }
        else
        {
            return;
        }

        var after = flag.FirstOf(version);
        if (after != before)
            Reattribute(before, met);
    }

    private void Reattribute(Met? before, Met after)
    {
        foreach (var (name, latest) in _conversions)
        {
            if (before is { } b && latest >= b.Ticks)
                b.Cell.Convert(name, -1);
            if (latest >= after.Ticks)
                after.Cell.Convert(name, 1);
        }
    }

    private void Move(Shift shift)
    {
        for (var i = _requests.Count - 1; i >= 0 && _requests[i].Ticks >= shift.From; i--)
        {
            if (_requests[i].Ticks >= shift.To)
                continue;
            shift.Before?.Retract(unit, _requests[i]);
            shift.After.Add(unit, _requests[i]);
        }
    }

    private UnitFlag? Find(FlagCells flag)
    {
        foreach (var known in Flags)
        {
            if (known.Flag == flag)
                return known;
        }

        return null;
    }
}
