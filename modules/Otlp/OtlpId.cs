using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Delivery.Otlp;

/// <summary>
/// Makes an id from what was sent. OTLP numbers no batches and names neither records nor points: sent again, alone or in another
/// batch, the same parts in the same order give the same id.
/// </summary>
public sealed class OtlpId
{
    private readonly XxHash128 _hash = new();

    /// <summary>Adds a text.</summary>
    /// <param name="text">The text; it counts in UTF-8.</param>
    public void Append(string text) => Append(Encoding.UTF8.GetBytes(text));

    /// <summary>Adds bytes with their length, so that no two lists of parts read the same.</summary>
    /// <param name="part">The bytes.</param>
    public void Append(ReadOnlySpan<byte> part)
    {
        Append((ulong)part.Length);
        _hash.Append(part);
    }

    /// <summary>Adds a number.</summary>
    /// <param name="number">The number.</param>
    public void Append(ulong number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        _hash.Append(bytes);
    }

    /// <summary>What the parts so far add up to.</summary>
    /// <returns>All 128 bits of their hash (XXH128).</returns>
    public UInt128 ToHash() => _hash.GetCurrentHashAsUInt128();

    /// <summary>What the parts so far add up to, as an id.</summary>
    /// <returns>A UUID of version 8 of RFC 9562: made by a rule of one's own.</returns>
    public Guid ToGuid()
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(id, ToHash());
        id[6] = (byte)(id[6] & 0x0f | 0x80);
        id[8] = (byte)(id[8] & 0x3f | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
