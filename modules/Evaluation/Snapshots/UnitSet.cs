using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Delivery.Evaluation;

/// <summary>
/// A set of unit ids for lists of up to a million: one table of hashes and one block of text, so that it costs about
/// 20 bytes and the id per unit, builds in one pass and gives the garbage collector two objects to look at.
/// </summary>
internal sealed class UnitSet
{
    private readonly int[] _slots;
    private readonly uint[] _fingerprints;
    private readonly int[] _offsets;
    private readonly char[] _text;
    private readonly int _mask;

    internal UnitSet(IReadOnlyList<string> units)
    {
        Count = units.Count;
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, units.Count * 2));
        _mask = size - 1;
        _slots = new int[size];
        _fingerprints = new uint[units.Count];
        _offsets = new int[units.Count + 1];
        _text = new char[units.Sum(unit => unit.Length)];
        for (var i = 0; i < units.Count; i++)
        {
            units[i].CopyTo(_text.AsSpan(_offsets[i]));
            _offsets[i + 1] = _offsets[i] + units[i].Length;
            Insert(i, Hash(units[i]));
        }
    }

    internal static UnitSet Empty { get; } = new([]);

    internal int Count { get; }

    internal bool Contains(ReadOnlySpan<char> unit)
    {
        if (Count == 0)
            return false;
        var hash = Hash(unit);
        for (var slot = (int)hash & _mask; _slots[slot] != 0; slot = (slot + 1) & _mask)
        {
            var at = _slots[slot] - 1;
            if (_fingerprints[at] == (uint)(hash >> 32) && unit.SequenceEqual(_text.AsSpan(_offsets[at].._offsets[at + 1])))
                return true;
        }

        return false;
    }

    private void Insert(int at, ulong hash)
    {
        _fingerprints[at] = (uint)(hash >> 32);
        var slot = (int)hash & _mask;
        while (_slots[slot] != 0)
            slot = (slot + 1) & _mask;
        _slots[slot] = at + 1;
    }

    private static ulong Hash(ReadOnlySpan<char> unit) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(unit));
}
