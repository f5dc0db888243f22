using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Delivery.Metrics.Folding;

/// <summary>A unit: 16 bytes that lead to all that is known of it.</summary>
internal struct UnitSlot
{
    /// <summary>The unit's hash.</summary>
    public ulong Hash;

    /// <summary>The newest flag it met, by <see cref="FlagRows.Code"/>; 0 when it met none.</summary>
    public int Met;

    /// <summary>Its newest raw event's number and one; 0 when there is none.</summary>
    public int Raw;

    public readonly bool IsEmpty => (Met | Raw) == 0;
}

/// <summary>Units by hash: open addressing with linear probing, at most seven tenths full.</summary>
internal sealed class UnitTable
{
    private UnitSlot[] _slots = new UnitSlot[16];

    public int Count { get; private set; }

    public long Bytes => (long)_slots.Length * Unsafe.SizeOf<UnitSlot>();

    public ReadOnlySpan<UnitSlot> Slots => _slots;

    /// <summary>The unit's slot, or the empty one where it belongs.</summary>
    public ref UnitSlot Find(ulong hash)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        var place = (int)hash & mask;
        while (!slots[place].IsEmpty && slots[place].Hash != hash)
            place = (place + 1) & mask;
        return ref slots[place];
    }

    /// <summary>The unit's slot, taken for it: the caller fills in what it has.</summary>
    public ref UnitSlot FindOrAdd(ulong hash)
    {
        if (Count >= _slots.Length / 10 * 7)
            Grow();
        ref var slot = ref Find(hash);
        if (slot.IsEmpty)
        {
            slot.Hash = hash;
            Count++;
        }

        return ref slot;
    }

    /// <summary>Asks for the slot's memory ahead of its use; a hint that can't fail.</summary>
    public unsafe void Prefetch(ulong hash)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref _slots[(int)hash & (_slots.Length - 1)]));
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(Count);
        foreach (ref readonly var slot in Slots)
        {
            if (!slot.IsEmpty)
                writer.Values(new ReadOnlySpan<UnitSlot>(in slot));
        }
    }

    public static UnitTable Read(SnapshotReader reader)
    {
        var table = new UnitTable();
        Span<UnitSlot> slot = stackalloc UnitSlot[1];
        for (var left = reader.Int(); left > 0; left--)
        {
            reader.Values(slot);
            table.FindOrAdd(slot[0].Hash) = slot[0];
        }

        return table;
    }

    private void Grow()
    {
        var old = _slots;
        _slots = new UnitSlot[old.Length * 2];
        foreach (ref readonly var slot in old.AsSpan())
        {
            if (!slot.IsEmpty)
                Find(slot.Hash) = slot;
        }
    }
}
