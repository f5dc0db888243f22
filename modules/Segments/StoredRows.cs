using System.Buffers.Binary;

namespace Delivery.Segments;

/// <summary>
/// Rows as they are stored and as they lie on the disk, held until it is known what they share; given in the order of their position.
/// </summary>
internal sealed class StoredRows(StoredForm? form) : IDisposable
{
    private readonly List<(long Position, int Start, int Length)> _rows = [];
    private readonly HashSet<int> _numbers = [];
    private byte[] _bytes = BatchMemory.Bytes.Rent(1024 * 1024);
    private int _length;
    private bool _isInOrder = true;

    /// <summary>The numbers of what the rows share.</summary>
    public IReadOnlyCollection<int> Numbers => _numbers;

    public void Add(ReadOnlySpan<byte> stored)
    {
        if (_length + stored.Length > _bytes.Length)
            Grow(_length + stored.Length);
        stored.CopyTo(_bytes.AsSpan(_length));
        var position = BinaryPrimitives.ReadInt64BigEndian(stored[RowBatch.PositionOffset..]);
        _isInOrder &= _rows.Count == 0 || _rows[^1].Position <= position;
        _rows.Add((position, _length, stored.Length));
        _length += stored.Length;
        if (form is not null)
            _numbers.Add(StoredForm.SharedOf(stored));
    }

    /// <summary>Decodes the rows. One whose shared values are not stored is left out.</summary>
    /// <param name="read">Decodes a canonical row.</param>
    /// <param name="shared">The shared values, by number; null where rows share nothing.</param>
    public List<TRow> Decode<TRow>(ReadRow<TRow> read, IReadOnlyDictionary<int, SharedValues>? shared)
    {
        if (!_isInOrder)
            _rows.Sort((one, other) => one.Position.CompareTo(other.Position));
        var decoded = new List<TRow>(_rows.Count);
        var canonical = Array.Empty<byte>();
        foreach (var (_, start, length) in _rows)
        {
            ReadOnlySpan<byte> row = _bytes.AsSpan(start, length);
            if (form is not null)
            {
                if (!shared!.TryGetValue(StoredForm.SharedOf(row), out var values))
                    continue;
                if (canonical.Length < length + values.Fields.Length)
                    canonical = new byte[2 * (length + values.Fields.Length)];
                row = canonical.AsSpan(0, form.Restore(row, values, canonical));
            }

            decoded.Add(SegmentRows.Decode(read, row));
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
