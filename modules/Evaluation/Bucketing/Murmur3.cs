using System.Buffers.Binary;
using System.Numerics;

namespace Delivery.Evaluation;

/// <summary>MurmurHash3 x86 32-bit (Appleby, smhasher, MurmurHash3.cpp).</summary>
internal static class Murmur3
{
    internal static uint Hash(ReadOnlySpan<byte> bytes, uint seed)
    {
        var hash = seed;
        var length = (uint)bytes.Length;
        while (bytes.Length >= 4)
        {
            hash ^= Scramble(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            hash = (BitOperations.RotateLeft(hash, 13) * 5) + 0xe6546b64;
            bytes = bytes[4..];
        }

        var tail = 0u;
        for (var i = bytes.Length - 1; i >= 0; i--)
            tail = (tail << 8) | bytes[i];
        if (bytes.Length > 0)
            hash ^= Scramble(tail);

        hash ^= length;
        hash ^= hash >> 16;
        hash *= 0x85ebca6b;
        hash ^= hash >> 13;
        hash *= 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }

    private static uint Scramble(uint block) => BitOperations.RotateLeft(block * 0xcc9e2d51, 15) * 0x1b873593;
}
