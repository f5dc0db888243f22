using System.Buffers;

namespace Delivery.Segments;

/// <summary>Cuts what a binary COPY sends into tuples, in constant memory.</summary>
internal sealed class CopiedTuples : IDisposable
{
    private const int HeaderLength = 19;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
    private int _start;
    private int _end;
    private bool _isHeaderRead;

    /// <summary>Gives each tuple.</summary>
    public static async Task ForEachAsync(Stream copy, Action<ReadOnlySpan<byte>> tuple, CancellationToken cancellationToken)
    {
        using var tuples = new CopiedTuples();
        while (tuples.Take(await copy.ReadAsync(tuples.Room(), cancellationToken), tuple))
        {
        }
    }

    /// <summary>Gives each tuple, and blocks the thread meanwhile.</summary>
    public static void ForEach(Stream copy, Action<ReadOnlySpan<byte>> tuple)
    {
        using var tuples = new CopiedTuples();
        while (tuples.Read(copy, tuple) > 0)
        {
        }
    }

    /// <summary>Reads once, and gives each tuple that is complete; blocks the thread where nothing is there.</summary>
    /// <returns>How many bytes were read; 0 at the end.</returns>
    public int Read(Stream copy, Action<ReadOnlySpan<byte>> tuple)
    {
        var read = copy.Read(Room().Span);
        return Take(read, tuple) ? read : 0;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private Memory<byte> Room()
    {
        if (_start == _end)
            (_start, _end) = (0, 0);
        if (_end == _buffer.Length)
            MakeRoom();
        return _buffer.AsMemory(_end);
    }

    private void MakeRoom()
    {
        var room = _start > 0 ? _buffer : ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(_start, _end - _start).CopyTo(room);
        if (room != _buffer)
            ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (room, 0, _end - _start);
    }

    /// <summary>False at the end.</summary>
    private bool Take(int read, Action<ReadOnlySpan<byte>> tuple)
    {
        _end += read;
        if (!_isHeaderRead && _end - _start < HeaderLength)
            return read > 0;
        if (!_isHeaderRead)
            (_isHeaderRead, _start) = (true, _start + HeaderLength);
        while (RowReader.Measure(_buffer.AsSpan(_start, _end - _start)) is var length and >= 0)
        {
            if (length == 0)
                return false;
            tuple(_buffer.AsSpan(_start, length));
            _start += length;
        }

        return read > 0;
    }
}
