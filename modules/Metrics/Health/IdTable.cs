using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// Ids at 16 bytes a slot, at most three quarters full: a third of what a <see cref="HashSet{T}"/> takes. Open addressing with linear
/// probing; 0 is no id, but a free slot.
/// </summary>
internal sealed class IdTable
{
    private const int LeastSlots = 16;
    private static readonly UInt128[] Nothing = new UInt128[1];
    private UInt128[] _slots;

    /// <param name="slots">A power of two; 0 takes no memory before the first id.</param>
    public IdTable(int slots = 0) => _slots = slots == 0 ? Nothing : new UInt128[slots];

    public int Count { get; private set; }

    public long Bytes => 16L * _slots.Length;

    public bool Contains(UInt128 id, ulong mixed) => Count > 0 && Slot(_slots, id, mixed) == id;

    /// <summary>False when it is there already.</summary>
    /// <param name="id">The id; not 0.</param>
    /// <param name="mixed">What <see cref="Mix"/> makes of it.</param>
    public bool Add(UInt128 id, ulong mixed)
    {
        if (Count + 1 > _slots.Length / 4 * 3)
            Grow(Math.Max(LeastSlots, _slots.Length * 2));
        ref var slot = ref Slot(_slots, id, mixed);
        if (slot == id)
            return false;
        slot = id;
        Count++;
        return true;
    }

    /// <summary>Asks for the memory of an id's slot ahead of its use; a hint that can't fail.</summary>
    public unsafe void Prefetch(ulong mixed)
    {
        var slots = _slots;
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(slots), (nint)((uint)mixed & (uint)(slots.Length - 1)))));
    }

    /// <summary>Ids may share a prefix (version 7) or a suffix, so both halves are mixed.</summary>
    public static ulong Mix(UInt128 id)
    {
        var mixed = ((ulong)id * 0x9E3779B97F4A7C15) ^ ((ulong)(id >> 64) * 0xC2B2AE3D27D4EB4F);
        return mixed ^ (mixed >> 32);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(Count);
        foreach (ref readonly var id in _slots.AsSpan())
        {
            if (id != 0)
                writer.Values(new ReadOnlySpan<UInt128>(in id));
        }
    }

    public static IdTable Read(SnapshotReader reader)
    {
        // Ids come in the order of their places: a smaller table would fill from its beginning into one run.
        var left = reader.Int();
        var table = new IdTable(left == 0 ? 0 : Math.Max(LeastSlots, (int)BitOperations.RoundUpToPowerOf2((uint)(left / 3 * 4) + 4)));
        Span<UInt128> id = stackalloc UInt128[1];
        for (; left > 0; left--)
        {
            reader.Values(id);
            table.Add(id[0], Mix(id[0]));
        }

        return table;
    }

    private void Grow(int slots)
    {
        var larger = new UInt128[slots];
        foreach (var id in _slots)
        {
            if (id != 0)
                Slot(larger, id, Mix(id)) = id;
        }

        _slots = larger;
    }

    /// <summary>The id's slot, or the free one where it belongs.</summary>
    private static ref UInt128 Slot(UInt128[] slots, UInt128 id, ulong mixed)
    {
        var mask = slots.Length - 1;
        var slot = (int)mixed & mask;
        while (slots[slot] != 0 && slots[slot] != id)
            slot = (slot + 1) & mask;
        return ref slots[slot];
    }
}
