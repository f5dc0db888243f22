using System.Buffers.Binary;

namespace Delivery.Client.Ledger;

/// <summary>
/// The rows of an export: PostgreSQL's binary COPY format, whose tuples are the canonical rows that a seal's hash covers. The first
/// column is the position.
/// </summary>
internal sealed class LedgerRows(Stream stream)
{
    private const int HeaderLength = 19;
    private static readonly byte[] Signature = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8];

    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;
    private int _tuple;
    private bool _hasHeader;
    private bool _isOver;

    /// <summary>The next row's position; null at the end.</summary>
    /// <exception cref="InvalidDataException">It is no such export, or breaks off.</exception>
    public async ValueTask<long?> PeekAsync(CancellationToken cancellationToken)
    {
        if (_tuple > 0)
            return Position();
        if (!_hasHeader)
        {
            await NeedAsync(HeaderLength, cancellationToken);
            if (!_buffer.AsSpan(0, Signature.Length).SequenceEqual(Signature))
                throw new InvalidDataException("The rows are not a binary export of a ledger.");
            (_start, _hasHeader) = (HeaderLength, true);
        }

        if (_isOver)
            return null;
        await NeedAsync(2, cancellationToken);
        var fields = BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_start));
        if (fields < 0)
        {
            _isOver = true;
            return null;
        }

        var length = 2;
        for (var field = 0; field < fields; field++)
        {
            await NeedAsync(length + 4, cancellationToken);
            length += 4 + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start + length)));
        }

        await NeedAsync(length, cancellationToken);
        _tuple = length;
        return fields > 0 && length >= 14 ? Position() : throw new InvalidDataException("A row has no position.");
    }

    /// <summary>The bytes of the row that was looked at; valid until the next look.</summary>
    public ReadOnlySpan<byte> Take()
    {
        var tuple = _buffer.AsSpan(_start, _tuple);
        _start += _tuple;
        _tuple = 0;
        return tuple;
    }

    private long Position() => BinaryPrimitives.ReadInt64BigEndian(_buffer.AsSpan(_start + 2 + 4));

    private async ValueTask NeedAsync(int length, CancellationToken cancellationToken)
    {
        while (_end - _start < length)
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (length > _buffer.Length)
                Array.Resize(ref _buffer, Math.Max(length, _buffer.Length * 2));
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
                throw new InvalidDataException("The rows break off.");
            _end += read;
        }
    }
}
