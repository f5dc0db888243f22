using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Delivery.Evaluation;

/// <summary>
/// Writes ids of usual lengths, which are nearly always ASCII, as bytes in a few instructions. Each block reads from the
/// start or back from the end, so the last one may overlap the one before instead of needing a loop over single characters.
/// </summary>
internal static class Narrowing
{
    private const ushort BeyondAscii = 0xFF80;

    /// <summary>Narrows a text of at least 8 ASCII characters.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">Room for one byte a character at least.</param>
    /// <param name="written">The text's length, if it was written.</param>
    /// <returns>False if the text is shorter or not ASCII, or the processor has no vectors: nothing counts as written.</returns>
    internal static bool TryNarrow(ReadOnlySpan<char> text, Span<byte> bytes, out int written)
    {
        var characters = MemoryMarshal.Cast<char, ushort>(text);
        written = characters.Length;
        if (!Vector128.IsHardwareAccelerated || !BitConverter.IsLittleEndian || characters.Length < 8)
            return false;
        return characters.Length < 16 ? TryNarrowTwice8(characters, bytes) : TryNarrowBy16(characters, bytes);
    }

    private static bool TryNarrowTwice8(ReadOnlySpan<ushort> characters, Span<byte> bytes)
    {
        var first = Vector128.Create(characters);
        var last = Vector128.Create(characters[^8..]);
        if (!IsAscii(first | last))
            return false;
        var narrow = Vector128.Narrow(first, last).AsUInt64();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, narrow.ToScalar());
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(characters.Length - 8)..], narrow.GetElement(1));
        return true;
    }

    private static bool TryNarrowBy16(ReadOnlySpan<ushort> characters, Span<byte> bytes)
    {
        for (var at = 0; at < characters.Length; at += 16)
        {
            var start = Math.Min(at, characters.Length - 16);
            var first = Vector128.Create(characters[start..]);
            var second = Vector128.Create(characters[(start + 8)..]);
            if (!IsAscii(first | second))
                return false;
            Vector128.Narrow(first, second).CopyTo(bytes[start..]);
        }

        return true;
    }

    private static bool IsAscii(Vector128<ushort> characters) =>
        (characters & Vector128.Create(BeyondAscii)) == Vector128<ushort>.Zero;
}
