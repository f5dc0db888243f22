using System.Runtime.InteropServices;

namespace Delivery.Metrics.Folding;

/// <summary>A unit met a flag.</summary>
internal readonly record struct UnitMet(ulong Unit, long Ticks, int Flag, int Arm);

/// <summary>An event of a unit adds to a source.</summary>
internal readonly record struct UnitAmount(ulong Unit, long Ticks, long Amount, int Source);

/// <summary>A raw event in memory: a late earlier exposure works its unit out again from these.</summary>
internal struct RawAmount
{
    public long Ticks;
    public long Amount;
    public int Source;

    /// <summary>The number and one of the unit's next; 0 at the end.</summary>
    public int Next;
}

/// <summary>The units of one part of the hashes. Rows wait in line and are applied together, so that memory is asked for ahead of its use.</summary>
internal sealed class MomentShard
{
    /// <summary>A shard with fewer raw events is not tidied.</summary>
    private const int LeastRaws = 64;

    /// <summary>So many rows are looked up ahead.</summary>
    private const int Ahead = 32;

    private readonly IReadOnlyList<FlagFold> _flags;
    private readonly List<UnitAmount> _waiting = [];
    private readonly FlagRows[] _rows;
    private UnitTable _units = new();
    private Chunks<RawAmount> _raws = new();
    private int _rawsAtBest = LeastRaws;

    public MomentShard(IReadOnlyList<FlagFold> flags)
    {
        _flags = flags;
        _rows = [.. flags.Select(flag => new FlagRows(flag))];
    }

    private MomentShard(IReadOnlyList<FlagFold> flags, FlagRows[] rows) => (_flags, _rows) = (flags, rows);

    public int Units => _units.Count;

    public int Raws => _raws.Count;

    public long Bytes => _units.Bytes + _raws.Bytes + _rows.Sum(rows => rows.Bytes);

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
        for (var at = unit.Raw; at != 0; at = _raws[at - 1].Next)
        {
            ref readonly var raw = ref _raws[at - 1];
            rows.Sum(row, raw.Source, raw.Ticks, raw.Amount);
        }

        rows.Count(row);
    }

    public void Enqueue(in UnitAmount amount) => _waiting.Add(amount);

    /// <summary>Applies what waits. Raw events before <paramref name="keepSince"/> need not be kept: no exposure to come reaches back to them.</summary>
    public void Apply(long keepSince)
    {
        for (var rest = CollectionsMarshal.AsSpan(_waiting); rest.Length > 0; rest = rest[Math.Min(Ahead, rest.Length)..])
        {
            var block = rest[..Math.Min(Ahead, rest.Length)];
            foreach (ref readonly var amount in block)
                _units.Prefetch(amount.Unit);
            foreach (ref readonly var amount in block)
                PrefetchRow(_units.Find(amount.Unit).Met);
            foreach (ref readonly var amount in block)
                Apply(amount, keepSince);
        }

        _waiting.Clear();
        if (_raws.Count > 2 * _rawsAtBest)
            Compact(keepSince);
    }

    public void Write(SnapshotWriter writer)
    {
        _units.Write(writer);
        _raws.Write(writer);
        writer.Int(_rawsAtBest);
        foreach (var rows in _rows)
            rows.Write(writer);
    }

    public static MomentShard Read(SnapshotReader reader, IReadOnlyList<FlagFold> flags)
    {
        var (units, raws, atBest) = (UnitTable.Read(reader), Chunks<RawAmount>.Read(reader), reader.Int());
        return new MomentShard(flags, [.. flags.Select(flag => FlagRows.Read(reader, flag))]) { _units = units, _raws = raws, _rawsAtBest = atBest };
    }

    private void Apply(in UnitAmount amount, long keepSince)
    {
        var keeps = amount.Ticks >= keepSince;
        ref var unit = ref keeps ? ref _units.FindOrAdd(amount.Unit) : ref _units.Find(amount.Unit);
        for (var code = unit.Met; code != 0;)
        {
            var (row, flag) = FlagRows.Decode(code);
            _rows[flag].Move(row, amount.Source, amount.Ticks, amount.Amount);
            code = _rows[flag].NextOf(row);
        }

        if (!keeps)
            return;
        var number = _raws.Add();
        _raws[number] = new RawAmount { Ticks = amount.Ticks, Amount = amount.Amount, Source = amount.Source, Next = unit.Raw };
        unit.Raw = number + 1;
    }

    /// <summary>Lets go of old raw events, and of units of which nothing is left. It changes no number.</summary>
    private void Compact(long keepSince)
    {
        var (units, raws) = (new UnitTable(), new Chunks<RawAmount>());
        foreach (ref readonly var old in _units.Slots)
        {
            var kept = 0;
            for (var at = old.Raw; at != 0; at = _raws[at - 1].Next)
            {
                if (_raws[at - 1].Ticks < keepSince)
                    continue;
                var number = raws.Add();
                raws[number] = _raws[at - 1] with { Next = kept };
                kept = number + 1;
            }

            if (old.Met != 0 || kept != 0)
                units.FindOrAdd(old.Hash) = old with { Raw = kept };
        }

        (_units, _raws, _rawsAtBest) = (units, raws, Math.Max(LeastRaws, raws.Count));
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

    private void PrefetchRow(int code)
    {
        if (code == 0)
            return;
        var (row, flag) = FlagRows.Decode(code);
        _rows[flag].Prefetch(row);
    }
}
