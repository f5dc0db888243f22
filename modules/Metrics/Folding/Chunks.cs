using System.Runtime.CompilerServices;

namespace Delivery.Metrics.Folding;

/// <summary>
/// A growing array of rows in pieces: nothing is copied when it grows, no piece is large, and numbers of rows stay what they
/// are. Rows hold no references, so the collector passes over them.
/// </summary>
/// <param name="stride">How many values a row has.</param>
internal sealed class Chunks<T>(int stride = 1)
    where T : unmanaged
{
    private const int Bits = 10;
    private const int Mask = (1 << Bits) - 1;

    /// <summary>The first piece begins small, so that a shard of few units costs little.</summary>
    private const int FirstRows = 16;
    private T[][] _chunks = [];

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes are held.</summary>
    public long Bytes => _chunks.Sum(chunk => chunk?.LongLength ?? 0) * Unsafe.SizeOf<T>();

    /// <summary>The first value of a row.</summary>
    public ref T this[int row] => ref _chunks[row >> Bits][(row & Mask) * stride];

    /// <summary>All values of a row.</summary>
    public Span<T> Row(int row) => _chunks[row >> Bits].AsSpan((row & Mask) * stride, stride);

    /// <summary>A new row of zeros.</summary>
    public int Add()
    {
        var chunk = Count >> Bits;
        if (chunk == _chunks.Length)
            Array.Resize(ref _chunks, Math.Max(4, chunk * 2));
        if (chunk > 0)
            _chunks[chunk] ??= new T[(Mask + 1) * stride];
        else if (Count * stride == (_chunks[0]?.Length ?? 0))
            Array.Resize(ref _chunks[0], Math.Max(FirstRows, Count * 2) * stride);
        return Count++;
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(Count);
        for (var row = 0; row < Count; row += Mask + 1)
            writer.Values<T>(_chunks[row >> Bits].AsSpan(0, Math.Min(Mask + 1, Count - row) * stride));
    }

    public static Chunks<T> Read(SnapshotReader reader, int stride = 1)
    {
        var chunks = new Chunks<T>(stride);
        var count = reader.Int();
        for (var row = 0; row < count; row += Mask + 1)
        {
            while (chunks.Count < Math.Min(count, row + Mask + 1))
                chunks.Add();
            reader.Values<T>(chunks._chunks[row >> Bits].AsSpan(0, (chunks.Count - row) * stride));
        }

        return chunks;
    }
}
