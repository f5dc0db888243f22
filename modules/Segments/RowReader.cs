using System.Buffers.Binary;
using System.Text;

namespace Delivery.Segments;

/// <summary>Reads the columns of one canonical row in order. Throws where the bytes are not a row.</summary>
public ref struct RowReader
{
    private ReadOnlySpan<byte> _rest;

    internal RowReader(ReadOnlySpan<byte> tuple)
    {
        _rest = tuple[2..];
        Fields = BinaryPrimitives.ReadInt16BigEndian(tuple);
    }

    /// <summary>How many columns the row has, with position and time of receipt.</summary>
    internal short Fields { get; }

    /// <summary>Reads a <c>uuid</c>.</summary>
    public Guid Uuid() => new(Field(), bigEndian: true);

    /// <summary>Reads a <c>bigint</c>.</summary>
    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Field());

    /// <summary>Reads an <c>integer</c>.</summary>
    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Field());

    /// <summary>Reads a <c>smallint</c>.</summary>
    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Field());

    /// <summary>Reads a <c>timestamptz</c>.</summary>
    public DateTimeOffset Time() => PostgresTime.FromMicroseconds(Int64());

    /// <summary>Reads a <c>text</c> that is not null.</summary>
    public string Text() => Encoding.UTF8.GetString(Field());

    /// <summary>Reads a <c>text</c> that may be null.</summary>
    public string? NullableText() => TryField(out var field) ? Encoding.UTF8.GetString(field) : null;

    /// <summary>Reads a <c>text</c> that few rows have to themselves, such as a flag's key: equal ones are one string in memory.</summary>
    public string SharedText() => SharedTexts.Get(Field());

    /// <summary>Reads a <c>text</c> that may be null and that few rows have to themselves.</summary>
    public string? NullableSharedText() => TryField(out var field) ? SharedTexts.Get(field) : null;

    /// <summary>Reads a <c>text</c>'s UTF-8; false when it is null.</summary>
    public bool TryUtf8(out ReadOnlySpan<byte> utf8) => TryField(out utf8);

    /// <summary>Reads a <c>bigint</c> that may be null.</summary>
    public long? NullableInt64() => TryField(out var field) ? BinaryPrimitives.ReadInt64BigEndian(field) : null;

    /// <summary>Passes over a column.</summary>
    public void Skip() => TryField(out _);

    /// <summary>The length of the tuple at the start of <paramref name="bytes"/>; 0 at the end mark; -1 when it is not complete.</summary>
    internal static int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2)
            return -1;
        var fields = BinaryPrimitives.ReadInt16BigEndian(bytes);
        if (fields < 0)
            return 0;
        var length = 2;
        for (var i = 0; i < fields; i++)
        {
            if (bytes.Length < length + 4)
                return -1;
            length += 4 + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[length..]));
        }

        return bytes.Length < length ? -1 : length;
    }

    private ReadOnlySpan<byte> Field() =>
        TryField(out var field) ? field : throw new InvalidOperationException("A column that is never null is null.");

    private bool TryField(out ReadOnlySpan<byte> field)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(_rest);
        field = length < 0 ? default : _rest.Slice(4, length);
        _rest = _rest[(4 + Math.Max(0, length))..];
        return length >= 0;
    }
}
