using System.Runtime.InteropServices;

namespace Delivery.Metrics.Health;

/// <summary>A set of ids at 16 bytes a slot, at most three quarters full: a third of what a <see cref="HashSet{T}"/> takes.</summary>
internal sealed class IdSet
{
    private UInt128[] _slots = new UInt128[16];
    private bool _hasZero;

    public int Count { get; private set; }

    public bool Contains(UInt128 id) => id == 0 ? _hasZero : _slots[Slot(_slots, id)] == id;

    /// <summary>False when it is there already.</summary>
    public bool Add(UInt128 id)
    {
        if (id == 0)
        {
            var fresh = !_hasZero;
            _hasZero = true;
            return fresh;
        }

        var slot = Slot(_slots, id);
        if (_slots[slot] == id)
            return false;
        _slots[slot] = id;
        if (++Count > _slots.Length / 4 * 3)
            Grow();
        return true;
    }

    public static UInt128 Key(Guid id) => MemoryMarshal.Read<UInt128>(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in id)));

    private void Grow()
    {
        var larger = new UInt128[_slots.Length * 2];
        foreach (var id in _slots)
        {
            if (id != 0)
                larger[Slot(larger, id)] = id;
        }

        _slots = larger;
    }

    /// <summary>The id's slot, or the free one where it belongs. Ids may share a prefix (version 7) or a suffix, so both halves are mixed.</summary>
    private static int Slot(UInt128[] slots, UInt128 id)
    {
        var mask = slots.Length - 1;
        var mixed = ((ulong)id * 0x9E3779B97F4A7C15) ^ ((ulong)(id >> 64) * 0xC2B2AE3D27D4EB4F);
        mixed ^= mixed >> 32;
        var slot = (int)mixed & mask;
        while (slots[slot] != 0 && slots[slot] != id)
            slot = (slot + 1) & mask;
        return slot;
    }
}
