using System.Buffers;
using System.Buffers.Binary;

namespace Delivery.Segments;

/// <summary>
/// The rows of one request, held as the bytes that COPY takes: PostgreSQL's binary tuples. The same bytes are the
/// canonical encoding that a seal's hash covers, so a row is encoded once and never held as an object. The position and
/// the time of receipt are filled in at commit. Fields are written in the order of the table's columns.
/// </summary>
public sealed class RowBatch : IDisposable
{
    /// <summary>Where a row's position stands in its bytes, canonical or stored: it is the first column.</summary>
    internal const int PositionOffset = 2 + 4;
    private const int ReceivedAtOffset = PositionOffset + 8 + 4;
    private const int Prefix = ReceivedAtOffset + 8;

    private readonly short _fields;
    private byte[] _bytes;
    private int[] _starts = ArrayPool<int>.Shared.Rent(512);
    private int _length;
    private int _cursor;
    private int _written;

    /// <param name="columns">How many columns the table has, without position and time of receipt.</param>
    /// <param name="capacity">Bytes to start with; it grows.</param>
    public RowBatch(int columns, int capacity = 64 * 1024)
    {
        _fields = checked((short)(columns + 2));
        _bytes = BatchMemory.Bytes.Rent(capacity);
    }

    /// <summary>Complete rows.</summary>
    public int Count { get; private set; }

    /// <summary>The complete rows' bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>The memory it takes, used or not.</summary>
    internal long HeldBytes => _bytes.Length + sizeof(int) * (long)_starts.Length;

    /// <summary>Starts a row; an unfinished one is forgotten.</summary>
    public void Begin()
    {
        _cursor = _length;
        _written = 2;
        var span = Reserve(Prefix);
        BinaryPrimitives.WriteInt16BigEndian(span, _fields);
        BinaryPrimitives.WriteInt32BigEndian(span[2..], 8);
        BinaryPrimitives.WriteInt32BigEndian(span[(PositionOffset + 8)..], 8);
        _cursor += Prefix;
    }

    /// <summary>Completes the row.</summary>
    /// <exception cref="InvalidOperationException">Not every column was written.</exception>
    public void End()
    {
        if (_written != _fields)
            throw new InvalidOperationException($"The row has {_written - 2} of {_fields - 2} columns.");
        if (Count == _starts.Length)
            Grow(ArrayPool<int>.Shared, ref _starts, Count, Count * 2);
        _starts[Count++] = _length;
        _length = _cursor;
    }

    /// <summary>Writes a <c>uuid</c>.</summary>
    public void Uuid(Guid value) => value.TryWriteBytes(Field(16), bigEndian: true, out _);

    /// <summary>Writes a <c>bigint</c>.</summary>
    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Field(8), value);

    /// <summary>Writes an <c>integer</c>.</summary>
    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value);

    /// <summary>Writes a <c>smallint</c>.</summary>
    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Field(2), value);

    /// <summary>Writes a <c>timestamptz</c>, to the microsecond.</summary>
    public void Time(DateTimeOffset value) => Int64(PostgresTime.ToMicroseconds(value));

    /// <summary>Writes a <c>text</c>: valid UTF-8 without U+0000 (see <see cref="Intake.ElementText"/>).</summary>
    public void Text(ReadOnlySpan<byte> utf8) => utf8.CopyTo(Field(utf8.Length));

    /// <summary>Writes a <c>text</c>, or a null where there is nothing.</summary>
    public void TextOrNull(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
            Null();
        else
            Text(utf8);
    }

    /// <summary>Writes a null.</summary>
    public void Null()
    {
        _written++;
        BinaryPrimitives.WriteInt32BigEndian(Reserve(4), -1);
        _cursor += 4;
    }

    /// <summary>The bytes of a run of complete rows.</summary>
    internal ReadOnlyMemory<byte> Slice(int first, int end)
    {
        var start = first == Count ? _length : _starts[first];
        return _bytes.AsMemory(start, (end == Count ? _length : _starts[end]) - start);
    }

    /// <summary>Fills in what only the commit knows.</summary>
    internal void Place(long firstPosition, long receivedAtMicroseconds)
    {
        for (var row = 0; row < Count; row++)
        {
            var tuple = _bytes.AsSpan(_starts[row]);
            BinaryPrimitives.WriteInt64BigEndian(tuple[PositionOffset..], firstPosition + row);
            BinaryPrimitives.WriteInt64BigEndian(tuple[ReceivedAtOffset..], receivedAtMicroseconds);
        }
    }

    /// <summary>Gives the memory back to the pool.</summary>
    public void Dispose()
    {
        if (_bytes.Length == 0)
            return;
        BatchMemory.Bytes.Return(_bytes);
        ArrayPool<int>.Shared.Return(_starts);
        (_bytes, _starts, _length, Count) = ([], [], 0, 0);
    }

    private Span<byte> Field(int length)
    {
        _written++;
        var span = Reserve(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(span, length);
        _cursor += 4 + length;
        return span.Slice(4, length);
    }

    private Span<byte> Reserve(int length)
    {
        if (_cursor + length > _bytes.Length)
            Grow(BatchMemory.Bytes, ref _bytes, _cursor, Math.Max(_bytes.Length * 2, _cursor + length));
        return _bytes.AsSpan(_cursor, length);
    }

    private static void Grow<T>(ArrayPool<T> pool, ref T[] array, int used, int size)
    {
        var larger = pool.Rent(size);
        array.AsSpan(0, used).CopyTo(larger);
        pool.Return(array);
        array = larger;
    }
}
