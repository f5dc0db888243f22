using System.Buffers;
using System.IO.Compression;
using System.Text.Json;

namespace Delivery.Client.Reporting;

/// <summary>Writes a record as one element of a report.</summary>
internal delegate void WriteRecord<T>(Utf8JsonWriter json, in T record, Guid id)
    where T : struct;

/// <summary>Takes waiting records and makes a report of them. Not safe for concurrent use.</summary>
internal sealed class BatchWriter<T>(BoundedRing<T> ring, WriteRecord<T> write, int size, int compressAboveBytes, TimeProvider time) : IDisposable
    where T : struct
{
    /// <summary>A report stops growing here, well below what the server takes.</summary>
    private const int BodyLimitBytes = 1_000_000;

    private readonly ArrayBufferWriter<byte> _body = new(16_384);
    private readonly ArrayBufferWriter<byte> _element = new(1_024);
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { SkipValidation = true });
    private long _batches;

    /// <summary>The next report; null if nothing waits.</summary>
    /// <param name="faults">Records that can't be written as JSON, such as a context nested too deep; they are left out.</param>
    internal Batch? Next(out int faults)
    {
        faults = 0;
        var count = 0;
        _body.ResetWrittenCount();
        while (count < size && _body.WrittenCount < BodyLimitBytes && ring.TryRead(out var record))
        {
            if (TryWrite(record))
                Append(count++ == 0 ? (byte)'[' : (byte)',');
            else
                faults++;
        }

        if (count == 0)
            return null;
        _body.Write("]"u8);
        var compressed = _body.WrittenCount > compressAboveBytes;
        return new Batch(++_batches, count, compressed ? Compress(_body.WrittenSpan) : _body.WrittenSpan.ToArray(), compressed);
    }

    public void Dispose() => _json.Dispose();

    private bool TryWrite(in T record)
    {
        _element.ResetWrittenCount();
        _json.Reset(_element);
        try
        {
            write(_json, record, Guid.CreateVersion7(time.GetUtcNow()));
            _json.Flush();
            return true;
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or JsonException)
        {
            return false;
        }
    }

    private void Append(byte separator)
    {
        _body.Write([separator]);
        _body.Write(_element.WrittenSpan);
    }

    private static byte[] Compress(ReadOnlySpan<byte> body)
    {
        using var output = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
            gzip.Write(body);
        return output.ToArray();
    }
}
