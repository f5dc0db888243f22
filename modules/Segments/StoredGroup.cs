using System.Collections.ObjectModel;
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
    private readonly Dictionary<int, int>[] _sharedRows;
    private IReadOnlyList<Dictionary<int, SharedValues>> _shared = [];
    private long _expectedBytes;
    private int _used;

    /// <param name="form">How the log's rows are stored.</param>
    /// <param name="expectedBytes">What will come, in canonical form: few rows do not take a large piece of memory.</param>
    public StoredGroup(StoredForm? form, long expectedBytes)
    {
        (_form, _expectedBytes) = (form, expectedBytes);
        _sharedRows = [.. Enumerable.Range(0, form?.Groups ?? 0).Select(_ => new Dictionary<int, int>())];
    }

    /// <summary>How many rows it has.</summary>
    public int Count { get; private set; }

    /// <summary>The memory it takes.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>How many of the rows share what in the first group of shared columns, by its number; empty where rows share nothing.</summary>
    public IReadOnlyDictionary<int, int> SharedRows => _sharedRows is [var first, ..] ? first : ReadOnlyDictionary<int, int>.Empty;

    /// <summary>Takes canonical rows that follow those it has, and gives them as they are stored.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="shared">For each of them the numbers of what it shares, group by group; empty where rows share nothing.</param>
    public ReadOnlyMemory<byte> Add(ReadOnlySpan<byte> rows, int count, ReadOnlySpan<int> shared)
    {
        var room = Room(rows.Length + count * (_form?.Overhead ?? 0));
        var length = rows.Length;
        if (_form is null)
            rows.CopyTo(room.Span);
        else
            length = _form.Store(rows, shared, room.Span);
        for (var i = 0; i < shared.Length; i++)
            CollectionsMarshal.GetValueRefOrAddDefault(_sharedRows[i % _sharedRows.Length], shared[i], out _)++;
        _pieces.Add(new Piece(_chunks[^1].AsMemory(_used, length), Count, count));
        _expectedBytes -= rows.Length;
        _used += length;
        Count += count;
        return room[..length];
    }

    /// <summary>Takes along what the rows share, so that nobody asks the database for it.</summary>
    /// <param name="numbers">For each group of shared columns.</param>
    public void Complete(IReadOnlyList<SharedNumbers> numbers)
    {
        _shared = [.. _sharedRows.Zip(numbers, (rows, group) => rows.Keys.ToDictionary(number => number, group.ValuesOf))];
        HeldBytes += _shared.Sum(group => group.Values.Sum(values => (long)values.Fields.Length + SharedValuesBytes));
    }

    /// <summary>Decodes the rows but for so many at the beginning.</summary>
    public void Decode<TRow>(long skipped, ReadRow<TRow> read, List<TRow> into)
    {
        var canonical = _form is null ? null : new CanonicalRow(_form, _shared);
        foreach (var piece in _pieces.Where(piece => piece.First + piece.Count > skipped))
        {
            var rest = piece.Rows.Span;
            for (var row = 0; row < piece.Count; row++)
            {
                var stored = rest[..RowReader.Measure(rest)];
                rest = rest[stored.Length..];
                if (piece.First + row < skipped)
                    continue;
                if (canonical is null)
                    into.Add(SegmentRows.Decode(read, stored));
                else if (canonical.TryRestore(stored))
                    into.Add(SegmentRows.Decode(read, canonical.Bytes));
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
