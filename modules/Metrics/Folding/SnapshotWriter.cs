using System.Runtime.InteropServices;
using System.Text;

namespace Delivery.Metrics.Folding;

/// <summary>Writes a fold's state as bytes in parts of a few megabytes, so that no size is too large for one of them.</summary>
internal sealed class SnapshotWriter
{
    private const int PartBytes = 4 << 20;
    private readonly List<byte[]> _full = [];
    private byte[] _part = new byte[64 << 10];
    private int _used;

    /// <summary>What was written.</summary>
    public IReadOnlyList<byte[]> Parts() => [.. _full, _part[.._used]];

    public void Int(int value) => Values(new ReadOnlySpan<int>(in value));

    public void Long(long value) => Values(new ReadOnlySpan<long>(in value));

    public void Text(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        Int(bytes.Length);
        Bytes(bytes);
    }

    public void Values<T>(ReadOnlySpan<T> values)
        where T : unmanaged => Bytes(MemoryMarshal.AsBytes(values));

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_used == _part.Length)
                More();
            var now = Math.Min(bytes.Length, _part.Length - _used);
            bytes[..now].CopyTo(_part.AsSpan(_used));
            _used += now;
            bytes = bytes[now..];
        }
    }

    private void More()
    {
        if (_part.Length < PartBytes)
        {
            Array.Resize(ref _part, _part.Length * 4);
            return;
        }

        _full.Add(_part);
        (_part, _used) = (new byte[PartBytes], 0);
    }
}

/// <summary>Reads what <see cref="SnapshotWriter"/> wrote; throws <see cref="EndOfStreamException"/> where there is less.</summary>
internal sealed class SnapshotReader(IReadOnlyList<byte[]> parts)
{
    private int _part;
    private int _used;

    public int Int()
    {
        Span<int> value = stackalloc int[1];
        Values(value);
        return value[0];
    }

    public long Long()
    {
        Span<long> value = stackalloc long[1];
        Values(value);
        return value[0];
    }

    public string Text()
    {
        var bytes = new byte[Int()];
        Values<byte>(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    public void Values<T>(Span<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        while (bytes.Length > 0)
        {
            if (_part == parts.Count)
                throw new EndOfStreamException("The snapshot ends too early.");
            var now = Math.Min(bytes.Length, parts[_part].Length - _used);
            parts[_part].AsSpan(_used, now).CopyTo(bytes);
            bytes = bytes[now..];
            _used += now;
            if (_used == parts[_part].Length)
                (_part, _used) = (_part + 1, 0);
        }
    }
}
