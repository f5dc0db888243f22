using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Delivery.Metrics.Folding;

/// <summary>
/// A growing array of rows in pieces: nothing but the first piece is copied when it grows, and numbers of rows stay what they
/// are. Pieces are large enough that the collector never moves them, and hold no references, so it passes over them.
/// </summary>
internal sealed class Chunks<T>
    where T : unmanaged
{
    private const int ChunkBytes = 2 << 20;

    /// <summary>The first piece begins small, so that a shard of few units costs little.</summary>
    private const int FirstRows = 16;

    private readonly int _stride;
    private readonly bool _cleared;
    private readonly int _bits;
    private readonly int _mask;
    private T[][] _chunks = [[]];

    /// <param name="stride">How many values a row has.</param>
    /// <param name="cleared">A new row is of zeros; otherwise of anything, and whoever adds it writes all of it.</param>
    public Chunks(int stride = 1, bool cleared = true)
    {
        (_stride, _cleared) = (stride, cleared);
        _bits = Math.Max(BitOperations.Log2((uint)FirstRows), BitOperations.Log2((uint)(ChunkBytes / (stride * Unsafe.SizeOf<T>()))));
        _mask = (1 << _bits) - 1;
    }

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes are held.</summary>
    public long Bytes => _chunks.Sum(chunk => chunk?.LongLength ?? 0) * Unsafe.SizeOf<T>();

    /// <summary>The first value of a row.</summary>
    /// <remarks>
    /// A piece is not asked for its length: that lies at its beginning, in another page than the row. The row's number is checked instead.
    /// </remarks>
    public ref T this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
            return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_chunks[row >> _bits]), (nint)(row & _mask) * _stride);
        }
    }

    /// <summary>All values of a row.</summary>
    public Span<T> Row(int row) => MemoryMarshal.CreateSpan(ref this[row], _stride);

    /// <summary>A new row.</summary>
    public int Add()
    {
        if ((Count & _mask) == 0 || Count < _mask)
            Reserve();
        return Count++;
    }

    /// <summary>Asks for a row's memory ahead of its use; a hint that can't fail.</summary>
    public unsafe void Prefetch(int row)
    {
        if (!Sse.IsSupported)
            return;
        ref var first = ref this[row];
        Sse.Prefetch0(Unsafe.AsPointer(ref first));
        Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, _stride - 1)));
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(Count);
        for (var row = 0; row < Count; row += _mask + 1)
            writer.Values<T>(_chunks[row >> _bits].AsSpan(0, Math.Min(_mask + 1, Count - row) * _stride));
    }

    public static Chunks<T> Read(SnapshotReader reader, int stride = 1, bool cleared = true)
    {
        var chunks = new Chunks<T>(stride, cleared);
        var count = reader.Int();
        for (var row = 0; row < count; row += chunks._mask + 1)
        {
            while (chunks.Count < Math.Min(count, row + chunks._mask + 1))
                chunks.Add();
            reader.Values<T>(chunks._chunks[row >> chunks._bits].AsSpan(0, (chunks.Count - row) * stride));
        }

        return chunks;
    }

    private void Reserve()
    {
        var chunk = Count >> _bits;
        if (chunk == _chunks.Length)
            Array.Resize(ref _chunks, chunk * 2);
        if (chunk > 0)
            _chunks[chunk] ??= _cleared ? new T[(_mask + 1) * _stride] : GC.AllocateUninitializedArray<T>((_mask + 1) * _stride);
        else if (Count * _stride == _chunks[0].Length)
            Array.Resize(ref _chunks[0], Math.Clamp(Count * 2, FirstRows, _mask + 1) * _stride);
    }
}
