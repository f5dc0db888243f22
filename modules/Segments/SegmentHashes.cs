using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Delivery.Segments;

/// <summary>What the stored rows of one segment come to.</summary>
internal sealed record SegmentContent(long Rows, long DistinctPositions, string Hash);

/// <summary>
/// Hashes rows segment by segment. Those of one segment must come in the order of position; segments may alternate, as they do on the
/// disk, where a page that one commit left room in takes rows of a later one. The seals' own previous hashes are used: the chain is
/// checked apart.
/// </summary>
internal sealed class SegmentHashes(IReadOnlyList<RowsSealed> seals) : IDisposable
{
    private readonly Rows[] _segments = [.. seals.Select(_ => new Rows())];

    /// <summary>Rows that are not hashed yet: many at once cost less than each alone.</summary>
    private byte[] _rowBytes = new byte[64 * 1024];
    private int _hashed;
    private int _length;
    private int _current;
    private (long First, long Last) _positions = Bounds(seals, 0);

    /// <summary>The segments, by their place among the seals, of which a row came after one with a later position: their hashes mean nothing.</summary>
    public IEnumerable<int> OutOfOrder => Enumerable.Range(0, seals.Count).Where(i => _segments[i].IsOutOfOrder);

    public void Add(ReadOnlySpan<byte> tuple)
    {
        tuple.CopyTo(Room(tuple.Length));
        Added(tuple.Length);
    }

    /// <summary>Where the next row's bytes may be written, so many at most.</summary>
    public Span<byte> Room(int length)
    {
        if (_length + length > _rowBytes.Length)
        {
            Hash();
            (_hashed, _length) = (0, 0);
        }

        if (length > _rowBytes.Length)
            _rowBytes = new byte[length];
        return _rowBytes.AsSpan(_length);
    }

    /// <summary>The next row was written to <see cref="Room"/>.</summary>
    public void Added(int length)
    {
        var position = BinaryPrimitives.ReadInt64BigEndian(_rowBytes.AsSpan(_length + RowBatch.PositionOffset));
        if (position < _positions.First || position > _positions.Last)
            Turn(position);
        _length += length;
        _segments[_current].Count(position);
    }

    /// <summary>What each segment comes to.</summary>
    public SegmentContent[] Finish()
    {
        Hash();
        return [.. seals.Select((seal, i) => _segments[i].Content(seal))];
    }

    public void Dispose()
    {
        foreach (var segment in _segments)
            segment.Dispose();
    }

    /// <summary>The positions that are taken for a segment's: what lies beside every seal goes to the next, or to the last.</summary>
    private static (long First, long Last) Bounds(IReadOnlyList<RowsSealed> seals, int segment) => (
        segment == 0 ? long.MinValue : seals[segment - 1].LastPosition + 1,
        segment == seals.Count - 1 ? long.MaxValue : seals[segment].LastPosition);

    private void Turn(long position)
    {
        Hash();
        _current = position < _positions.First ? 0 : _current;
        while (_current < seals.Count - 1 && position > seals[_current].LastPosition)
            _current++;
        _positions = Bounds(seals, _current);
    }

    private void Hash()
    {
        _segments[_current].Append(_rowBytes.AsSpan(_hashed, _length - _hashed));
        _hashed = _length;
    }

    /// <summary>What is known of one segment's rows so far.</summary>
    private sealed class Rows : IDisposable
    {
        private IncrementalHash? _sha;
        private long _rows;
        private long _distinct;
        private long _lastPosition = long.MinValue;

        public bool IsOutOfOrder { get; private set; }

        public void Count(long position)
        {
            IsOutOfOrder |= position < _lastPosition;
            _rows++;
            _distinct += position == _lastPosition ? 0 : 1;
            _lastPosition = position;
        }

        public void Append(ReadOnlySpan<byte> rows) => (_sha ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256)).AppendData(rows);

        public SegmentContent Content(RowsSealed seal)
        {
            Append(Convert.FromHexString(seal.PreviousHash));
            return new SegmentContent(_rows, _distinct, Convert.ToHexStringLower(_sha!.GetHashAndReset()));
        }

        public void Dispose() => _sha?.Dispose();
    }
}
