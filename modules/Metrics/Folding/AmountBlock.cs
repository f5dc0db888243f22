namespace Delivery.Metrics.Folding;

/// <summary>A unit met a flag.</summary>
internal readonly record struct UnitMet(ulong Unit, long Ticks, int Flag, int Arm);

/// <summary>An event of a unit: what it adds to the sources of a set that sum its amount.</summary>
internal readonly record struct UnitAmount(ulong Unit, long Ticks, long Amount, int Set);

/// <summary>What a few events add, waiting to be applied together: the memory of all of them is asked for before any of it is used.</summary>
internal sealed class AmountBlock
{
    private UnitAmount[] _items = new UnitAmount[256];
    private int _count;

    public ReadOnlySpan<UnitAmount> Items => _items.AsSpan(0, _count);

    public void Add(in UnitAmount amount)
    {
        if (_count == _items.Length)
            Array.Resize(ref _items, _count * 2);
        _items[_count++] = amount;
    }

    public void Clear() => _count = 0;
}
