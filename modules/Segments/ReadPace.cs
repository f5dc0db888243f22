using System.Diagnostics;

namespace Delivery.Segments;

/// <summary>
/// Reads what the database sends at a pace at which much can be read at once. A read that finds nothing waits for the next 8 KB, and
/// to tell it of them the runtime wakes three threads, which takes longer than to use them. After such a read a moment passes, in real
/// time, in which more comes in.
/// </summary>
internal sealed class ReadPace : IDisposable
{
    private const int LittleBytes = 64 * 1024;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly long WaitedTicks = Stopwatch.Frequency / 50_000;

    private readonly ManualResetEvent _never = new(false);
    private long _bytes;

    /// <summary>Reads, and blocks the thread meanwhile.</summary>
    public int Read(Stream stream, Span<byte> buffer)
    {
        var started = Stopwatch.GetTimestamp();
        var read = stream.Read(buffer);
        if (Stopwatch.GetTimestamp() - started > WaitedTicks)
        {
            if (_bytes < LittleBytes)
                _never.WaitOne(Moment);
            _bytes = 0;
        }

        _bytes += read;
        return read;
    }

    public void Dispose() => _never.Dispose();
}
