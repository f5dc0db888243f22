using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>
/// A set of ids at 16 bytes a slot, at most three quarters full: a third of what a <see cref="HashSet{T}"/> takes. In sixteen
/// parts that grow one by one, so that no growth takes long.
/// </summary>
internal sealed class IdSet
{
    private const int PartBits = 4;
    private const int LeastSlots = 16;
    private static readonly UInt128[] Nothing = new UInt128[1];
    private readonly UInt128[][] _parts = [.. Enumerable.Repeat(Nothing, 1 << PartBits)];
    private readonly int[] _counts = new int[1 << PartBits];
    private bool _hasZero;

    public int Count { get; private set; }

    public long Bytes => _parts.Sum(part => 16L * part.Length);

    public bool Contains(UInt128 id)
    {
        if (Count == 0)
            return false;
        var mixed = Mix(id);
        return id == 0 ? _hasZero : Slot(_parts[Part(mixed)], id, mixed) == id;
    }

    /// <summary>False when it is there already.</summary>
    public bool Add(UInt128 id)
    {
        if (id == 0)
        {
            var fresh = !_hasZero;
            _hasZero = true;
            Count += fresh ? 1 : 0;
            return fresh;
        }

        var mixed = Mix(id);
        var part = Part(mixed);
        if (_counts[part] + 1 > _parts[part].Length / 4 * 3)
            Grow(part, Math.Max(LeastSlots, _parts[part].Length * 2));
        ref var slot = ref Slot(_parts[part], id, mixed);
        if (slot == id)
            return false;
        slot = id;
        _counts[part]++;
        Count++;
        return true;
    }

    /// <summary>Asks for the memory of an id's slot ahead of its use; a hint that can't fail.</summary>
    public unsafe void Prefetch(UInt128 id)
    {
        if (!Sse.IsSupported || Count == 0)
            return;
        var mixed = Mix(id);
        var slots = _parts[Part(mixed)];
        Sse.Prefetch0(Unsafe.AsPointer(ref slots[(int)mixed & (slots.Length - 1)]));
    }

    public static UInt128 Key(Guid id) => MemoryMarshal.Read<UInt128>(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in id)));

    public void Write(SnapshotWriter writer)
    {
        writer.Int(_hasZero ? 1 : 0);
        foreach (var (number, part) in _parts.Index())
        {
            writer.Int(_counts[number]);
            foreach (ref readonly var id in part.AsSpan())
            {
                if (id != 0)
                    writer.Values(new ReadOnlySpan<UInt128>(in id));
            }
        }
    }

    public static IdSet Read(SnapshotReader reader)
    {
        var set = new IdSet { _hasZero = reader.Int() != 0 };
        set.Count = set._hasZero ? 1 : 0;
        Span<UInt128> id = stackalloc UInt128[1];
        for (var part = 0; part < set._parts.Length; part++)
        {
            // Ids come in the order of their places: a smaller part would fill from its beginning into one run.
            var left = reader.Int();
            if (left > 0)
                set.Grow(part, Math.Max(LeastSlots, (int)BitOperations.RoundUpToPowerOf2((uint)(left / 3 * 4) + 4)));
            for (; left > 0; left--)
            {
                reader.Values(id);
                set.Add(id[0]);
            }
        }

        return set;
    }

    private void Grow(int part, int slots)
    {
        var larger = new UInt128[slots];
        foreach (var id in _parts[part])
        {
            if (id != 0)
                Slot(larger, id, Mix(id)) = id;
        }

        _parts[part] = larger;
    }

    /// <summary>Ids may share a prefix (version 7) or a suffix, so both halves are mixed.</summary>
    private static ulong Mix(UInt128 id)
    {
        var mixed = ((ulong)id * 0x9E3779B97F4A7C15) ^ ((ulong)(id >> 64) * 0xC2B2AE3D27D4EB4F);
        return mixed ^ (mixed >> 32);
    }

    private static int Part(ulong mixed) => (int)(mixed >> (64 - PartBits));

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
