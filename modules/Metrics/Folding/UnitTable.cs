using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

/// <summary>
/// Units by hash: open addressing with linear probing, at most seven tenths full. Units that are taken over from another table come in
/// the order of their places there, so the table has to have its size before: a smaller one would fill from its beginning into one run.
/// </summary>
internal sealed class UnitTable
{
    private const int LeastSlots = 16;
    private UnitSlot[] _slots;
    private int _most;

    /// <param name="units">So many fit without growth.</param>
    public UnitTable(int units = 0) => Resize(Math.Max(LeastSlots, (int)BitOperations.RoundUpToPowerOf2((uint)(units / 7 * 10) + 10)));

    public int Count { get; private set; }

    public long Bytes => (long)_slots.Length * Unsafe.SizeOf<UnitSlot>();

    public Span<UnitSlot> Slots => _slots;

    /// <summary>The unit's slot, or the empty one where it belongs.</summary>
    public ref UnitSlot Find(ulong hash) => ref _slots[PlaceOf(hash)];

    /// <summary>The place of the unit's slot, or of the empty one where it belongs.</summary>
    public int PlaceOf(ulong hash)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        var place = (int)hash & mask;
        while (!slots[place].IsEmpty && slots[place].Hash != hash)
            place = (place + 1) & mask;
        return place;
    }

    /// <summary>The slot at a place.</summary>
    public ref UnitSlot this[int place] => ref _slots[place];

    /// <summary>The unit's slot, taken for it: the caller fills in what it has.</summary>
    public ref UnitSlot FindOrAdd(ulong hash)
    {
        if (Count >= _most)
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
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_slots), (nint)((uint)hash & (uint)(_slots.Length - 1)))));
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
        var left = reader.Int();
        var table = new UnitTable(left);
        Span<UnitSlot> slot = stackalloc UnitSlot[1];
        for (; left > 0; left--)
        {
            reader.Values(slot);
            table.FindOrAdd(slot[0].Hash) = slot[0];
        }

        return table;
    }

    private void Grow()
    {
        var old = _slots;
        Resize(old.Length * 2);
        foreach (ref readonly var slot in old.AsSpan())
        {
            if (!slot.IsEmpty)
                Find(slot.Hash) = slot;
        }
    }

    [MemberNotNull(nameof(_slots))]
    private void Resize(int slots) => (_slots, _most) = (new UnitSlot[slots], slots / 10 * 7);
}
