using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Delivery.Segments;

/// <summary>What the stored rows of one segment come to.</summary>
internal sealed record SegmentContent(long Rows, long DistinctPositions, string Hash);

/// <summary>Hashes rows that come in the order of position, segment by segment. The seals' own previous hashes are used: the chain is checked apart.</summary>
internal sealed class SegmentHashes(IReadOnlyList<RowsSealed> seals) : IDisposable
{
    private const int PositionOffset = 2 + 4;

    private readonly SegmentContent[] _contents = new SegmentContent[seals.Count];
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Rows that are not hashed yet: many at once cost less than each alone.</summary>
    private byte[] _rowBytes = new byte[32 * 1024];
    private int _hashed;
    private int _length;
    private int _current;
    private long _rows;
    private long _distinct;
    private long _lastPosition = -1;

    /// <summary>Whether a row came after one with a later position: the hashes mean nothing then.</summary>
    public bool IsOutOfOrder { get; private set; }

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
        var position = BinaryPrimitives.ReadInt64BigEndian(_rowBytes.AsSpan(_length + PositionOffset));
        IsOutOfOrder |= position < _lastPosition;
        while (_current < seals.Count - 1 && position > seals[_current].LastPosition)
            Close();
        _length += length;
        _rows++;
        _distinct += position == _lastPosition ? 0 : 1;
        _lastPosition = position;
    }

    /// <summary>What each segment comes to.</summary>
    public SegmentContent[] Finish()
    {
        while (_current < seals.Count)
            Close();
        return _contents;
    }

    public void Dispose() => _sha.Dispose();

    private void Hash()
    {
        _sha.AppendData(_rowBytes.AsSpan(_hashed, _length - _hashed));
        _hashed = _length;
    }

    private void Close()
    {
        Hash();
        _sha.AppendData(Convert.FromHexString(seals[_current].PreviousHash));
        _contents[_current++] = new SegmentContent(_rows, _distinct, Convert.ToHexStringLower(_sha.GetHashAndReset()));
        (_rows, _distinct) = (0, 0);
    }
}
