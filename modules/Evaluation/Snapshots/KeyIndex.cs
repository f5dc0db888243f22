using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Delivery.Evaluation;

/// <summary>
/// The places of unique keys in a list: one table at most half full, its entries half a hash and a place. Keys of usual
/// lengths are hashed whole by a few multiplications; a look-up ends with one comparison of the key.
/// </summary>
internal sealed class KeyIndex
{
    private const ulong First = 0x9E3779B97F4A7C15;
    private const ulong Second = 0xC2B2AE3D27D4EB4F;
    private readonly ulong[] _slots;
    private readonly string[] _keys;
    private readonly int _mask;

    internal KeyIndex(IEnumerable<string> keys)
    {
        _keys = [.. keys];
        _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, _keys.Length * 2))];
        _mask = _slots.Length - 1;
        for (var at = 0; at < _keys.Length; at++)
        {
            var hash = Hash(_keys[at]);
            var slot = (int)hash & _mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & _mask;
            _slots[slot] = (hash >> 32 << 32) | (uint)(at + 1);
        }
    }

    /// <summary>The place of a key; -1 if it is not there.</summary>
    internal int Find(string key)
    {
        var hash = Hash(key);
        var slots = _slots;
        for (var slot = (int)hash & _mask; ; slot = (slot + 1) & _mask)
        {
            var entry = slots[slot];
            if (entry == 0)
                return -1;
            var at = (int)(uint)entry - 1;
            if (entry >> 32 == hash >> 32 && string.Equals(_keys[at], key))
                return at;
        }
    }

    /// <summary>Blocks from the start and, overlapping, back from the end: every character counts.</summary>
    private static ulong Hash(string key)
    {
        var bytes = MemoryMarshal.AsBytes(key.AsSpan());
        return bytes.Length switch
        {
            > 32 => XxHash3.HashToUInt64(bytes),
            > 16 => Mix(Mix(Word(bytes) ^ Second, Word(bytes[8..])) ^ Word(bytes[^16..]), Word(bytes[^8..]) ^ (ulong)bytes.Length),
            >= 8 => Mix(Word(bytes) ^ Second, Word(bytes[^8..]) ^ (ulong)bytes.Length),
            _ => Short(bytes),
        };
    }

    private static ulong Short(ReadOnlySpan<byte> bytes)
    {
        var word = (ulong)bytes.Length;
        foreach (var one in bytes)
            word = (word << 8) | one;
        return Mix(word ^ Second, First);
    }

    private static ulong Word(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<ulong>(bytes);

    private static ulong Mix(ulong left, ulong right)
    {
        var high = Math.BigMul(left ^ First, right ^ Second, out var low);
        return high ^ low;
    }
}
