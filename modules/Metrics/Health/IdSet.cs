using System.Runtime.InteropServices;
using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Health;

/// <summary>A set of any number of ids, in sixteen tables that grow one by one, so that no growth takes long.</summary>
internal sealed class IdSet
{
    private const int PartBits = 4;
    private IdTable[] _parts = [.. Enumerable.Range(0, 1 << PartBits).Select(_ => new IdTable())];
    private bool _hasZero;

    public int Count { get; private set; }

    public long Bytes => _parts.Sum(part => part.Bytes);

    public bool Contains(UInt128 id, ulong mixed) => Count > 0 && (id == 0 ? _hasZero : Part(mixed).Contains(id, mixed));

    /// <summary>False when it is there already.</summary>
    /// <param name="id">The id.</param>
    /// <param name="mixed">What <see cref="IdTable.Mix"/> makes of it.</param>
    public bool Add(UInt128 id, ulong mixed)
    {
        var fresh = id == 0 ? !_hasZero : Part(mixed).Add(id, mixed);
        _hasZero |= id == 0;
        Count += fresh ? 1 : 0;
        return fresh;
    }

    /// <summary>Asks for the memory of an id's slot ahead of its use; a hint that can't fail.</summary>
    public void Prefetch(ulong mixed)
    {
        if (Count > 0)
            Part(mixed).Prefetch(mixed);
    }

    public static UInt128 Key(Guid id) => MemoryMarshal.Read<UInt128>(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in id)));

    public void Write(SnapshotWriter writer)
    {
        writer.Int(_hasZero ? 1 : 0);
        foreach (var part in _parts)
            part.Write(writer);
    }

    public static IdSet Read(SnapshotReader reader)
    {
        var set = new IdSet { _hasZero = reader.Int() != 0 };
        set._parts = [.. set._parts.Select(_ => IdTable.Read(reader))];
        set.Count = set._parts.Sum(part => part.Count) + (set._hasZero ? 1 : 0);
        return set;
    }

    private IdTable Part(ulong mixed) => _parts[mixed >> (64 - PartBits)];
}
