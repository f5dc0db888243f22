using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Delivery.Metrics.Health;

/// <summary>The flags and the units of one environment.</summary>
internal sealed class EnvironmentCells(FoldLimits limits, FoldMemory memory)
{
    private readonly Dictionary<string, FlagCells> _flags = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, UnitRecord> _units = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private int _cells;

    public int Units => _units.Count;

    public int Cells => _cells;

    public FlagCells? Find(string flag) => _flags.GetValueOrDefault(flag);

    /// <summary>The cell, made when it is new; false when there are too many.</summary>
    public bool TryOpen(string flag, long version, string variant, [NotNullWhen(true)] out FlagCells? cells, [NotNullWhen(true)] out Cell? cell)
    {
        cell = null;
        if (_flags.TryGetValue(flag, out cells) && (cell = cells.Find(version, variant)) is not null)
            return true;
        if (_cells >= limits.MostCells)
            return false;
        if (cells is null)
            _flags.Add(flag, cells = new FlagCells());
        cell = cells.Open(version, variant);
        _cells++;
        return true;
    }

    /// <summary>The one instance of an event name; false when there are too many.</summary>
    public bool TryName(string name, [NotNullWhen(true)] out string? known)
    {
        if (_names.TryGetValue(name, out known))
            return true;
        if (_names.Count >= limits.MostNames)
            return false;
        _names.Add(name, name);
        known = name;
        return true;
    }

    /// <summary>A unit met a flag.</summary>
    public void Expose(ulong hash, FlagCells flag, Met met, long settledTicks) => Unit(hash).Expose(flag, met, settledTicks, memory);

    /// <summary>A request of a unit that doesn't say what it evaluated.</summary>
    public void Request(ulong hash, RequestSample sample, long receivedTicks, long settledTicks) =>
        Unit(hash).Request(sample, receivedTicks, settledTicks, memory);

    /// <summary>A unit did something.</summary>
    public void Convert(ulong hash, string name, long ticks, long receivedTicks) => Unit(hash).Convert(name, ticks, receivedTicks, memory);

    /// <summary>Drops the flags without traffic or question since a time, and what units remember of them.</summary>
    public int Forget(long sinceTicks, long settledTicks)
    {
        var gone = _flags.Where(f => Math.Max(f.Value.LastAsked, Math.Max(f.Value.LastExposure, f.Value.LastEvent)) < sinceTicks).ToList();
        var cells = gone.Select(f => f.Value).ToHashSet();
        foreach (var (hash, unit) in _units)
        {
            unit.Forget(cells, sinceTicks, settledTicks, memory);
            if (unit.IsEmpty)
                Remove(hash);
        }

        foreach (var (key, flag) in gone)
        {
            flag.Leave(memory);
            _cells -= flag.Count;
            _flags.Remove(key);
        }

        return gone.Count;
    }

    /// <summary>Only units of the sample are counted from now on. What the others did stays counted, and nothing of them is remembered.</summary>
    public void Keep(UnitSample sample)
    {
        foreach (var (hash, unit) in _units)
        {
            if (sample.Has(hash))
                continue;
            unit.Leave(memory);
            Remove(hash);
        }

        _units.TrimExcess(_units.Count * 3 / 2);
        foreach (var flag in _flags.Values)
            flag.Keep(sample, memory);
    }

    private UnitRecord Unit(ulong hash)
    {
        ref var unit = ref CollectionsMarshal.GetValueRefOrAddDefault(_units, hash, out var known);
        if (known)
            return unit!;
        memory.Units += UnitRecord.Bytes;
        return unit = new UnitRecord(hash);
    }

    private void Remove(ulong hash)
    {
        _units.Remove(hash);
        memory.Units -= UnitRecord.Bytes;
    }
}
