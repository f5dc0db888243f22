namespace Delivery.Statistics;

/// <summary>A histogram as bytes: a format number, then for each filled bucket the gap to the one before and the count, as varints (LEB128).</summary>
public static class LogHistogramCodec
{
    private const byte Format = 1;

    /// <summary>Writes the filled buckets. Equal histograms give equal bytes.</summary>
    public static byte[] Encode(LogHistogram histogram)
    {
        var bytes = new List<byte> { Format };
        var previous = -1;
        foreach (var (bucket, count) in histogram.Filled())
        {
            Write(bytes, (ulong)(bucket - previous));
            Write(bytes, (ulong)count);
            previous = bucket;
        }

        return [.. bytes];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; null for anything else.</summary>
    public static LogHistogram? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes[0] != Format) return null;
        bytes = bytes[1..];
        var histogram = new LogHistogram();
        var bucket = -1L;
        while (bytes.Length > 0)
        {
            var gap = Read(ref bytes);
            if (gap is not (> 0 and <= LogHistogram.LastBucket + 1)) return null;
            bucket += (long)gap.Value;
            var count = Read(ref bytes);
            if (bucket > LogHistogram.LastBucket || count is null or 0 || count > (ulong)(long.MaxValue - histogram.Count)) return null;
            histogram.AddTo((int)bucket, (long)count);
        }

        return histogram;
    }

    private static void Write(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
    }

    private static ulong? Read(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 63; shift += 7)
        {
            if (bytes.Length == 0) return null;
            var next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        return null;
    }
}
