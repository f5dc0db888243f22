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
    private int _current;
    private long _rows;
    private long _distinct;
    private long _lastPosition = -1;

    public SegmentContent this[int index] => _contents[index];

    /// <summary>Whether a row came after one with a later position: the hashes mean nothing then.</summary>
    public bool IsOutOfOrder { get; private set; }

    public void Add(ReadOnlySpan<byte> tuple)
    {
        var position = BinaryPrimitives.ReadInt64BigEndian(tuple[PositionOffset..]);
        IsOutOfOrder |= position < _lastPosition;
        while (_current < seals.Count - 1 && position > seals[_current].LastPosition)
            Close();
        _rows++;
        _distinct += position == _lastPosition ? 0 : 1;
        _lastPosition = position;
        _sha.AppendData(tuple);
    }

    public void Finish()
    {
        while (_current < seals.Count)
            Close();
    }

    public void Dispose() => _sha.Dispose();

    private void Close()
    {
        _sha.AppendData(Convert.FromHexString(seals[_current].PreviousHash));
        _contents[_current++] = new SegmentContent(_rows, _distinct, Convert.ToHexStringLower(_sha.GetHashAndReset()));
        (_rows, _distinct) = (0, 0);
    }
}
