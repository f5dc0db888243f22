using System.Runtime.CompilerServices;

namespace Delivery.Metrics.Health;

/// <summary>
/// One unit in one environment: enough to put each of its requests and conversions into the right cell whatever the order
/// in which exposures and events arrive.
/// </summary>
internal sealed class UnitRecord(ulong unit)
{
    /// <summary>What one takes, and its place in a table that is two thirds full.</summary>
    public const int Bytes = 104;

    private const int ListBytes = 56;
    private static readonly List<RequestSample> NoRequests = [];
    private static readonly List<(string Name, long Latest)> NoConversions = [];

    /// <summary>Most units have none of them: a list of its own comes with the first.</summary>
    private List<RequestSample> _requests = NoRequests;
    private List<(string Name, long Latest)> _conversions = NoConversions;
    private UnitFlag? _flags;
    private long _lastEvent;

    public bool IsEmpty => _flags is null && _requests.Count == 0 && _conversions.Count == 0;

    /// <summary>The unit met a flag.</summary>
    public void Expose(FlagCells flag, Met met, long settledTicks, FoldMemory memory)
    {
        var known = Find(flag);
        if (known is null)
        {
            _flags = known = new UnitFlag(flag, met, _flags);
            memory.Units += UnitFlag.Bytes;
            flag.LastEvent = Math.Max(flag.LastEvent, _lastEvent);
            met.Cell.Units++;
            Reattribute(null, met);
        }
        else
        {
            Meet(known, met, memory);
        }

        if (known.IsFull)
        {
            Trim(settledTicks, memory);
            known.Trim(settledTicks, memory);
        }

        if (known.Insert(met, memory) is { } shift)
            Move(shift, memory);
    }

    /// <summary>A request of the unit that doesn't say what it evaluated: it belongs to what the unit was exposed to then.</summary>
    public void Request(RequestSample sample, long receivedTicks, long settledTicks, FoldMemory memory)
    {
        Touch(receivedTicks);
        for (var flag = _flags; flag is not null; flag = flag.Next)
            flag.At(sample.Ticks)?.Add(unit, sample, memory);
        if (_requests.Count == _requests.Capacity)
            Trim(settledTicks, memory);
        var held = RequestBytes;
        if (_requests == NoRequests)
            _requests = new(1);
        var place = _requests.Count;
        while (place > 0 && _requests[place - 1].Ticks > sample.Ticks)
            place--;
        _requests.Insert(place, sample);
        memory.Waiting += RequestBytes - held;
    }

    /// <summary>The unit did something. What counts per first exposure is whether the latest such event is not before it.</summary>
    public void Convert(string name, long ticks, long receivedTicks, FoldMemory memory)
    {
        Touch(receivedTicks);
        var index = _conversions.FindIndex(c => c.Name == name);
        var latest = index < 0 ? long.MinValue : _conversions[index].Latest;
        if (ticks <= latest)
            return;
        for (var flag = _flags; flag is not null; flag = flag.Next)
            flag.Convert(name, latest, ticks);

        var held = ConversionBytes;
        if (index < 0 && _conversions == NoConversions)
            _conversions = [(name, ticks)];
        else if (index < 0)
            _conversions.Add((name, ticks));
        else
            _conversions[index] = (name, ticks);
        memory.Units += ConversionBytes - held;
    }

    /// <summary>Forgets requests no exposure to come can precede; before the exposures they belong to are trimmed.</summary>
    public void Trim(long settledTicks, FoldMemory memory)
    {
        var settled = 0;
        while (settled < _requests.Count && _requests[settled].Ticks < settledTicks)
        {
            for (var flag = _flags; flag is not null; flag = flag.Next)
                flag.At(_requests[settled].Ticks)?.Settle(_requests[settled], memory);
            settled++;
        }

        var held = RequestBytes;
        _requests.RemoveRange(0, settled);
        if (_requests.Count == 0)
            _requests = NoRequests;
        else if (_requests.Capacity > 16 && _requests.Count < _requests.Capacity / 4)
            _requests.TrimExcess();
        memory.Waiting += RequestBytes - held;
    }

    /// <summary>Forgets dropped flags, and of those that stay the exposures that are settled; and conversions older than any flag that is left.</summary>
    public void Forget(HashSet<FlagCells> dropped, long sinceTicks, long settledTicks, FoldMemory memory)
    {
        Trim(settledTicks, memory);
        UnitFlag? before = null;
        for (var flag = _flags; flag is not null; flag = flag.Next)
        {
            if (!dropped.Contains(flag.Flag))
            {
                flag.Trim(settledTicks, memory);
                before = flag;
                continue;
            }

            flag.Free(memory);
            if (before is null)
                _flags = flag.Next;
            else
                before.Next = flag.Next;
        }

        if (_flags is not null || _conversions.Count == 0)
            return;
        var held = ConversionBytes;
        _conversions.RemoveAll(conversion => conversion.Latest < sinceTicks);
        if (_conversions.Count == 0)
            _conversions = NoConversions;
        memory.Units += ConversionBytes - held;
    }

    /// <summary>The unit is counted no more. What it did so far stays counted as it is.</summary>
    public void Leave(FoldMemory memory)
    {
        Trim(long.MaxValue, memory);
        for (var flag = _flags; flag is not null; flag = flag.Next)
        {
            flag.Flag.Left(flag.Firsts);
            flag.Free(memory);
        }

        memory.Units -= ConversionBytes;
        (_flags, _conversions) = (null, NoConversions);
    }

    private long RequestBytes => _requests == NoRequests ? 0 : ListBytes + ((long)_requests.Capacity * Unsafe.SizeOf<RequestSample>());

    private long ConversionBytes => _conversions == NoConversions ? 0 : ListBytes + ((long)_conversions.Capacity * Unsafe.SizeOf<(string, long)>());

    private void Touch(long receivedTicks)
    {
        _lastEvent = Math.Max(_lastEvent, receivedTicks);
        for (var flag = _flags; flag is not null; flag = flag.Next)
            flag.Flag.LastEvent = Math.Max(flag.Flag.LastEvent, receivedTicks);
    }

    /// <summary>Notes the first time in the cell; a version's conversions follow the version's first exposure.</summary>
    private void Meet(UnitFlag flag, Met met, FoldMemory memory)
    {
        var version = met.Cell.Version;
        var known = flag.FirstOf(met.Cell);
        if (known <= met.Ticks)
            return;
        var before = flag.FirstOf(version);
        if (known is null)
        {
            met.Cell.Units++;
            if (before is not null)
                flag.Flag.Overlapped([.. flag.Firsts.Where(m => m.Cell.Version == version).Select(m => m.Cell)], met.Cell);
        }

        flag.First(met, memory);
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

    private void Move(Shift shift, FoldMemory memory)
    {
        for (var i = _requests.Count - 1; i >= 0 && _requests[i].Ticks >= shift.From; i--)
        {
            if (_requests[i].Ticks >= shift.To)
                continue;
            shift.Before?.Retract(unit, _requests[i], memory);
            shift.After.Add(unit, _requests[i], memory);
        }
    }

    private UnitFlag? Find(FlagCells flag)
    {
        var known = _flags;
        while (known is not null && known.Flag != flag)
            known = known.Next;
        return known;
    }
}
