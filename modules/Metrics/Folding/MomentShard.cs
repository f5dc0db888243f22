namespace Delivery.Metrics.Folding;

/// <summary>The units of one part of the hashes.</summary>
internal sealed class MomentShard
{
    private readonly IReadOnlyList<FlagFold> _flags;
    private readonly FlagRows[] _rows;
    private UnitTable _units = new();
    private RawEvents _raws = new();

    public MomentShard(IReadOnlyList<FlagFold> flags)
    {
        _flags = flags;
        _rows = [.. flags.Select(flag => new FlagRows(flag))];
    }

    private MomentShard(IReadOnlyList<FlagFold> flags, FlagRows[] rows) => (_flags, _rows) = (flags, rows);

    public int Units => _units.Count;

    public int Raws => _raws.Count;

    public long UnitBytes => _units.Bytes + _rows.Sum(rows => rows.Bytes);

    public long Bytes => UnitBytes + _raws.Bytes;

    public FlagRows this[int flag] => _rows[flag];

    public void Expose(UnitMet met)
    {
        ref var unit = ref _units.FindOrAdd(met.Unit);
        var rows = _rows[met.Flag];
        if (RowOf(unit, met.Flag) is var row && row < 0)
        {
            row = rows.Add(unit.Met);
            unit.Met = FlagRows.Code(row, met.Flag);
        }
        else
        {
            var known = rows.ExposedAt(row);
            if (met.Ticks > known || (met.Ticks == known && Compare(rows.ArmOf(row), met) <= 0))
                return;
            rows.Retract(row);
        }

        rows.Set(row, met.Ticks, met.Arm);
        for (var at = unit.Raw; at != 0; at = _raws[at].Next)
        {
            ref readonly var raw = ref _raws[at];
            rows.Sum(row, raw.Set, raw.Ticks, raw.Amount);
        }

        rows.Count(row);
    }

    /// <summary>Asks for a unit's memory ahead of its use.</summary>
    public void Prefetch(ulong unit) => _units.Prefetch(unit);

    /// <summary>Asks for what a unit's slot leads to; best after the slot itself is there. Gives the slot's place.</summary>
    public int PrefetchRow(ulong unit)
    {
        var place = _units.PlaceOf(unit);
        if (_units[place].Met is var code && code != 0)
        {
            var (row, flag) = FlagRows.Decode(code);
            _rows[flag].Prefetch(row);
        }

        return place;
    }

    /// <summary>Counts an event.</summary>
    /// <param name="amount">The event.</param>
    /// <param name="place">Where the unit's slot was a moment ago.</param>
    /// <param name="keepSince">A raw event before this need not be kept: no exposure to come reaches back to it.</param>
    public void Apply(in UnitAmount amount, int place, long keepSince)
    {
        var keeps = amount.Ticks >= keepSince;
        ref var unit = ref _units[place];
        if (unit.Hash != amount.Unit || unit.IsEmpty)
            unit = ref keeps ? ref _units.FindOrAdd(amount.Unit) : ref _units.Find(amount.Unit);
        for (var code = unit.Met; code != 0;)
        {
            var (row, flag) = FlagRows.Decode(code);
            code = _rows[flag].Move(row, amount);
        }

        if (keeps)
            unit.Raw = _raws.Add(amount, unit.Raw);
    }

    /// <summary>Lets go of raw events that are too old, and of units of which nothing is left, when that is worth it. It changes no number.</summary>
    public void Tidy(long keepSince)
    {
        if (!_raws.IsWorthSweeping(keepSince))
            return;
        var left = 0;
        foreach (ref var unit in _units.Slots)
        {
            if (unit.Raw != 0)
                _raws.Sweep(ref unit.Raw, keepSince);
            left += unit.IsEmpty ? 0 : 1;
        }

        _raws.Swept();
        if (left == _units.Count)
            return;
        var units = new UnitTable(left);
        foreach (ref readonly var unit in _units.Slots)
        {
            if (!unit.IsEmpty)
                units.FindOrAdd(unit.Hash) = unit;
        }

        _units = units;
    }

    public void Write(SnapshotWriter writer)
    {
        _units.Write(writer);
        _raws.Write(writer);
        foreach (var rows in _rows)
            rows.Write(writer);
    }

    public static MomentShard Read(SnapshotReader reader, IReadOnlyList<FlagFold> flags)
    {
        var (units, raws) = (UnitTable.Read(reader), RawEvents.Read(reader));
        return new MomentShard(flags, [.. flags.Select(flag => FlagRows.Read(reader, flag))]) { _units = units, _raws = raws };
    }

    private int RowOf(in UnitSlot unit, int flag)
    {
        for (var code = unit.Met; code != 0;)
        {
            var (row, its) = FlagRows.Decode(code);
            if (its == flag)
                return row;
            code = _rows[its].NextOf(row);
        }

        return -1;
    }

    private int Compare(int arm, in UnitMet met) => _flags[met.Flag].Arms[arm].CompareTo(_flags[met.Flag].Arms[met.Arm]);
}
