using System.Runtime.InteropServices;

namespace Delivery.Segments;

/// <summary>
/// The rows of one commit as they are stored: what COPY takes, and afterwards what readers at the head are given from, for they take less
/// than half of what the batches held. It knows how many rows share which values.
/// </summary>
internal sealed class StoredGroup : IDisposable
{
    private const int ChunkBytes = 1024 * 1024;
    private const int SharedValuesBytes = 100;

    private readonly StoredForm? _form;
    private readonly List<byte[]> _chunks = [];
    private readonly List<Piece> _pieces = [];
    private readonly Dictionary<int, int> _sharedRows = [];
    private readonly Dictionary<int, SharedValues> _shared = [];
    private long _expectedBytes;
    private int _used;

    /// <param name="form">How the log's rows are stored.</param>
    /// <param name="expectedBytes">What will come, in canonical form: few rows do not take a large piece of memory.</param>
    public StoredGroup(StoredForm? form, long expectedBytes) => (_form, _expectedBytes) = (form, expectedBytes);

    /// <summary>How many rows it has.</summary>
    public int Count { get; private set; }

    /// <summary>The memory it takes.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>How many of the rows have which shared values, by their number; empty where rows share nothing.</summary>
    public IReadOnlyDictionary<int, int> SharedRows => _sharedRows;

    /// <summary>Takes canonical rows that follow those it has, and gives them as they are stored.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="shared">For each of them the number of what it shares; empty where rows share nothing.</param>
    public ReadOnlyMemory<byte> Add(ReadOnlySpan<byte> rows, int count, ReadOnlySpan<int> shared)
    {
        var room = Room(rows.Length + shared.Length * StoredForm.Overhead);
        var length = rows.Length;
        if (_form is null)
            rows.CopyTo(room.Span);
        else
            length = _form.Store(rows, shared, room.Span);
        foreach (var number in shared)
            CollectionsMarshal.GetValueRefOrAddDefault(_sharedRows, number, out _)++;
        _pieces.Add(new Piece(_chunks[^1].AsMemory(_used, length), Count, count));
        _expectedBytes -= rows.Length;
        _used += length;
        Count += count;
        return room[..length];
    }

    /// <summary>Takes along what the rows share, so that nobody asks the database for it.</summary>
    public void Complete(SharedNumbers numbers)
    {
        foreach (var number in _sharedRows.Keys)
        {
            var values = numbers.ValuesOf(number);
            _shared[number] = values;
            HeldBytes += values.Fields.Length + SharedValuesBytes;
        }
    }

    /// <summary>Decodes the rows but for so many at the beginning.</summary>
    public void Decode<TRow>(long skipped, ReadRow<TRow> read, List<TRow> into)
    {
        var canonical = Array.Empty<byte>();
        foreach (var piece in _pieces.Where(piece => piece.First + piece.Count > skipped))
        {
            var rest = piece.Rows.Span;
            for (var row = 0; row < piece.Count; row++)
            {
                var stored = rest[..RowReader.Measure(rest)];
                rest = rest[stored.Length..];
                if (piece.First + row >= skipped)
                    into.Add(SegmentRows.Decode(read, Canonical(stored, ref canonical)));
            }
        }
    }

    /// <summary>Gives the memory back to the pool.</summary>
    public void Dispose()
    {
        foreach (var chunk in _chunks)
            BatchMemory.Bytes.Return(chunk);
        _chunks.Clear();
        _pieces.Clear();
    }

    private ReadOnlySpan<byte> Canonical(ReadOnlySpan<byte> stored, ref byte[] canonical)
    {
        if (_form is null)
            return stored;
        var values = _shared[StoredForm.SharedOf(stored)];
        if (canonical.Length < stored.Length + values.Fields.Length)
            canonical = new byte[2 * (stored.Length + values.Fields.Length)];
        return canonical.AsSpan(0, _form.Restore(stored, values, canonical));
    }

    private Memory<byte> Room(int length)
    {
        if (_chunks.Count == 0 || _used + length > _chunks[^1].Length)
        {
            _chunks.Add(BatchMemory.Bytes.Rent((int)Math.Max(length, Math.Min(ChunkBytes, _expectedBytes))));
            HeldBytes += _chunks[^1].Length;
            _used = 0;
        }

        return _chunks[^1].AsMemory(_used);
    }

    private sealed record Piece(ReadOnlyMemory<byte> Rows, int First, int Count);
}
