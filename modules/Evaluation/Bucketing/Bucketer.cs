using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace Delivery.Evaluation;

/// <summary>Maps a unit to a bucket: one algorithm with one salt.</summary>
internal abstract class Bucketer
{
    /// <summary>The bucket of a unit: a point of [0, 2^64) for the native hash, of [0, total) for the others.</summary>
    internal abstract ulong Bucket(ReadOnlySpan<char> unit);

    /// <summary>First and last bucket of [start, end) parts of the total.</summary>
    internal abstract (ulong First, ulong Last) Bounds(int start, int end);

    /// <summary>A bucket as a fraction of the whole, for people.</summary>
    internal abstract double Fraction(ulong bucket);

    /// <summary>The bucketer of a name, or null for a name this version does not know.</summary>
    internal static Bucketer? Create(string algorithm, string salt, int total) => algorithm switch
    {
        BucketingAlgorithm.XxHash3 => new NativeBucketer(salt, total),
        BucketingAlgorithm.GrowthBookV1 => new GrowthBookBucketer(salt, total, version: 1),
        BucketingAlgorithm.GrowthBookV2 => new GrowthBookBucketer(salt, total, version: 2),
        BucketingAlgorithm.Unleash => new MurmurBucketer(salt + ":", 0, total, multiply: false),
        BucketingAlgorithm.UnleashVariant => new MurmurBucketer(salt + ":", 86_028_157, total, multiply: false),
        BucketingAlgorithm.Flagd => new MurmurBucketer(salt, 0, total, multiply: true),
        _ => null,
    };
}

/// <summary>XxHash3 of <c>salt 0x00 unit</c> in UTF-8, all 64 bits.</summary>
internal sealed class NativeBucketer(string salt, int total) : Bucketer
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(salt + "\0");

    internal override ulong Bucket(ReadOnlySpan<char> unit) => PrefixedHash.XxHash3(_prefix, unit);

    internal override (ulong First, ulong Last) Bounds(int start, int end) => (Threshold(start), Threshold(end) - 1);

    internal override double Fraction(ulong bucket) => bucket / 18446744073709551616d;

    // floor(part * 2^64 / total); the whole is 2^64, which wraps to 0, so that "minus 1" gives the last bucket.
    private ulong Threshold(int part) => (ulong)(((UInt128)(uint)part << 64) / (uint)total);
}

internal sealed class GrowthBookBucketer(string salt, int total, int version) : Bucketer
{
    internal override ulong Bucket(ReadOnlySpan<char> unit) =>
        version == 1 ? Fnv1a.BucketV1(salt, unit) : Fnv1a.BucketV2(salt, unit);

    // The hash has 1,000 or 10,000 buckets whatever the total: parts scale to them.
    internal override (ulong First, ulong Last) Bounds(int start, int end) => (Scale(start), Scale(end) - 1);

    internal override double Fraction(ulong bucket) => bucket / (double)Buckets;

    private uint Buckets => version == 1 ? 1_000u : 10_000u;

    private ulong Scale(int part) => (((ulong)(uint)part * Buckets) + (uint)total - 1) / (uint)total;
}

internal sealed class MurmurBucketer(string prefix, uint seed, int total, bool multiply) : Bucketer
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(prefix);

    internal override ulong Bucket(ReadOnlySpan<char> unit)
    {
        var hash = PrefixedHash.Murmur3(_prefix, unit, seed);
        return multiply ? ((ulong)hash * (uint)total) >> 32 : hash % (uint)total;
    }

    internal override (ulong First, ulong Last) Bounds(int start, int end) => ((ulong)start, (ulong)end - 1);

    internal override double Fraction(ulong bucket) => bucket / (double)total;
}

/// <summary>Hashes a prefix and a unit from one buffer on the stack.</summary>
internal static class PrefixedHash
{
    private const int StackLength = 256;

    [SkipLocalsInit]
    internal static ulong XxHash3(byte[] prefix, ReadOnlySpan<char> unit)
    {
        if (prefix.Length + (3 * unit.Length) > StackLength)
            return Rented(prefix, unit, static (bytes, _) => System.IO.Hashing.XxHash3.HashToUInt64(bytes), 0ul);
        Span<byte> buffer = stackalloc byte[StackLength];
        return System.IO.Hashing.XxHash3.HashToUInt64(Fill(buffer, prefix, unit));
    }

    [SkipLocalsInit]
    internal static uint Murmur3(byte[] prefix, ReadOnlySpan<char> unit, uint seed)
    {
        if (prefix.Length + (3 * unit.Length) > StackLength)
            return (uint)Rented(prefix, unit, static (bytes, seed) => Evaluation.Murmur3.Hash(bytes, (uint)seed), seed);
        Span<byte> buffer = stackalloc byte[StackLength];
        return Evaluation.Murmur3.Hash(Fill(buffer, prefix, unit), seed);
    }

    private static ReadOnlySpan<byte> Fill(Span<byte> buffer, byte[] prefix, ReadOnlySpan<char> unit)
    {
        prefix.CopyTo(buffer);
        var rest = buffer[prefix.Length..];
        if (!Narrowing.TryNarrow(unit, rest, out var written) && Ascii.FromUtf16(unit, rest, out written) != OperationStatus.Done)
            written = Encoding.UTF8.GetBytes(unit, rest);
        return buffer[..(prefix.Length + written)];
    }

    private static ulong Rented(byte[] prefix, ReadOnlySpan<char> unit, Func<ReadOnlySpan<byte>, ulong, ulong> hash, ulong seed)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(prefix.Length + (3 * unit.Length));
        try
        {
            return hash(Fill(buffer, prefix, unit), seed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
