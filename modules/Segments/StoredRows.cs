using System.Buffers.Binary;

namespace Delivery.Segments;

/// <summary>
/// Rows as they are stored and as they lie on the disk, held until it is known what they share; given in the order of their position.
/// </summary>
internal sealed class StoredRows(StoredForm? form) : IDisposable
{
    private readonly List<(long Position, int Start, int Length)> _rows = [];
    private readonly HashSet<int>[] _numbers = [.. Enumerable.Range(0, form?.Groups ?? 0).Select(_ => new HashSet<int>())];
    private byte[] _bytes = BatchMemory.Bytes.Rent(1024 * 1024);
    private int _length;
    private bool _isInOrder = true;

    /// <summary>The numbers of what the rows share, group by group.</summary>
    public IReadOnlyList<IReadOnlyCollection<int>> Numbers => _numbers;

    public void Add(ReadOnlySpan<byte> stored)
    {
        if (_length + stored.Length > _bytes.Length)
            Grow(_length + stored.Length);
        stored.CopyTo(_bytes.AsSpan(_length));
        var position = BinaryPrimitives.ReadInt64BigEndian(stored[RowBatch.PositionOffset..]);
        _isInOrder &= _rows.Count == 0 || _rows[^1].Position <= position;
        _rows.Add((position, _length, stored.Length));
        _length += stored.Length;
        for (var group = 0; group < _numbers.Length; group++)
            _numbers[group].Add(form!.SharedOf(stored, group));
    }

    /// <summary>Decodes the rows. One whose shared values are not stored is left out.</summary>
    /// <param name="read">Decodes a canonical row.</param>
    /// <param name="shared">For each group of shared columns its combinations by number.</param>
    public List<TRow> Decode<TRow>(ReadRow<TRow> read, IReadOnlyList<IReadOnlyDictionary<int, SharedValues>> shared)
    {
        if (!_isInOrder)
            _rows.Sort((one, other) => one.Position.CompareTo(other.Position));
        var decoded = new List<TRow>(_rows.Count);
        var canonical = form is null ? null : new CanonicalRow(form, shared);
        foreach (var (_, start, length) in _rows)
        {
            var stored = _bytes.AsSpan(start, length);
            if (canonical is null)
                decoded.Add(SegmentRows.Decode(read, stored));
            else if (canonical.TryRestore(stored))
                decoded.Add(SegmentRows.Decode(read, canonical.Bytes));
        }

        return decoded;
    }

    public void Dispose() => BatchMemory.Bytes.Return(_bytes);

    private void Grow(int length)
    {
        var larger = BatchMemory.Bytes.Rent(Math.Max(length, 2 * _bytes.Length));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        BatchMemory.Bytes.Return(_bytes);
        _bytes = larger;
    }
}
