using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Delivery.Metrics.Health;

/// <summary>The flags and the units of one environment.</summary>
internal sealed class EnvironmentCells(FoldLimits limits)
{
    /// <summary>A record, its place in the table, and its list of flags.</summary>
    private const long UnitRecordBytes = 160;

    /// <summary>With its first cell and its first exposure.</summary>
    private const long UnitFlagBytes = 200;

    private readonly Dictionary<string, FlagCells> _flags = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, UnitRecord> _units = [];
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private int _cells;
    private long _heldRequests;
    private long _heldFlags;

    public int Units => _units.Count;

    public int Cells => _cells;

    /// <summary>About how much memory requests take.</summary>
    public long RequestBytes => _heldRequests * Unsafe.SizeOf<RequestSample>();

    /// <summary>About how much memory units take, and what they remember of flags.</summary>
    public long UnitBytes => (_units.Count * UnitRecordBytes) + (_heldFlags * UnitFlagBytes);

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

    public UnitRecord Unit(ulong hash)
    {
        if (!_units.TryGetValue(hash, out var unit))
            _units.Add(hash, unit = new UnitRecord(hash));
        return unit;
    }

    /// <summary>A unit met a flag.</summary>
    public void Expose(ulong hash, FlagCells flag, Met met, long settledTicks)
    {
        var unit = Unit(hash);
        var (requests, flags) = (unit.HeldRequests, unit.Flags.Count);
        unit.Expose(flag, met, settledTicks);
        _heldRequests += unit.HeldRequests - requests;
        _heldFlags += unit.Flags.Count - flags;
    }

    /// <summary>A request of a unit that doesn't say what it evaluated.</summary>
    public void Request(ulong hash, RequestSample sample, long receivedTicks, long settledTicks)
    {
        var unit = Unit(hash);
        var held = unit.HeldRequests;
        unit.Request(sample, receivedTicks, settledTicks);
        _heldRequests += unit.HeldRequests - held;
    }

    /// <summary>Drops the flags without traffic or question since a time, and what units remember of them.</summary>
    public int Forget(long sinceTicks, long settledTicks)
    {
        var gone = _flags.Where(f => Math.Max(f.Value.LastAsked, Math.Max(f.Value.LastExposure, f.Value.LastEvent)) < sinceTicks).ToList();
        var cells = gone.Select(f => f.Value).ToHashSet();
        foreach (var (hash, unit) in _units)
        {
            var (requests, held) = (unit.HeldRequests, unit.Flags.Count);
            unit.Trim(settledTicks);
            unit.Forget(cells, sinceTicks);
            if (unit.IsEmpty)
                _units.Remove(hash);
            _heldRequests += (unit.IsEmpty ? 0 : unit.HeldRequests) - requests;
            _heldFlags += unit.Flags.Count - held;
        }

        foreach (var (key, flag) in gone)
        {
            _cells -= flag.Count;
            _flags.Remove(key);
        }

        return gone.Count;
    }
}
