using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Delivery.Exposures.Intake.Served;

/// <summary>
/// Ids of one process's evaluations: UUIDs of version 7 (RFC 9562, section 5.7) whose last 62 bits count up from a random start
/// (section 6.2, method 2) after 12 random ones. A random number for each would cost more than the rest of the row. One thread at a time.
/// </summary>
internal sealed class ServedIds
{
    private const ulong Variant = 0x8000_0000_0000_0000;
    private const ulong Counted = 0x3FFF_FFFF_FFFF_FFFF;
    private const ulong Version = 0x7000;
    private readonly ulong _fixed = Version | (Random() & 0xFFF);
    private ulong _next = Random();

    public Guid Next(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, ((ulong)time.ToUnixTimeMilliseconds() << 16) | _fixed);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Variant | (_next++ & Counted));
        return new Guid(bytes, bigEndian: true);
    }

    private static ulong Random() => BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8));
}
