using Delivery.Metrics.Health;

namespace Delivery.Metrics.Folding;

/// <summary>A unit met a flag.</summary>
internal readonly record struct UnitMet(ulong Unit, long Ticks, int Flag, int Arm);

/// <summary>An event of a unit: what it adds to the sources of a set that sum its amount.</summary>
internal readonly record struct UnitAmount(ulong Unit, long Ticks, long Amount, int Set);

/// <summary>Ids of a few events, waiting to be looked up together.</summary>
internal sealed class IdBlock(int most)
{
    private readonly int[] _rows = new int[most];
    private readonly UInt128[] _ids = new UInt128[most];
    private readonly ulong[] _mixed = new ulong[most];

    public int Count { get; private set; }

    public ReadOnlySpan<UInt128> Ids => _ids.AsSpan(0, Count);

    /// <summary>What <see cref="IdTable.Mix"/> makes of them.</summary>
    public ReadOnlySpan<ulong> Mixed => _mixed.AsSpan(0, Count);

    /// <summary>The number of the event, and its id.</summary>
    public (int Row, UInt128 Id, ulong Mixed) this[int at] => (_rows[at], _ids[at], _mixed[at]);

    public void Add(int row, Guid id)
    {
        var key = IdSet.Key(id);
        (_rows[Count], _ids[Count], _mixed[Count]) = (row, key, IdTable.Mix(key));
        Count++;
    }

    public void Clear() => Count = 0;
}

/// <summary>What a few events add, waiting to be applied together: the memory of all of them is asked for before any of it is used.</summary>
internal sealed class AmountBlock
{
    private UnitAmount[] _items = new UnitAmount[256];
    private int[] _places = new int[256];
    private int _count;

    public ReadOnlySpan<UnitAmount> Items => _items.AsSpan(0, _count);

    /// <summary>Where each one's unit was found.</summary>
    public Span<int> Places => _places.AsSpan(0, _count);

    public void Add(in UnitAmount amount)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, _count * 2);
            Array.Resize(ref _places, _count * 2);
        }

        _items[_count++] = amount;
    }

    public void Clear() => _count = 0;
}
