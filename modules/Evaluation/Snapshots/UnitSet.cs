using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Delivery.Evaluation;

/// <summary>
/// A set of unit ids for lists of up to a million: one table of half a hash and a place, and one block of text, so that it costs about
/// 20 bytes and two for each character of an id, builds in one pass and gives the garbage collector three objects to look at.
/// </summary>
internal sealed class UnitSet
{
    /// <summary>So few are compared one by one; their lengths alone tell most apart.</summary>
    private const int Few = 4;

    private readonly ulong[] _slots;
    private readonly int[] _offsets;
    private readonly char[] _text;
    private readonly int _mask;

    internal UnitSet(IReadOnlyCollection<string> units)
        : this(units.Count, units.Sum(unit => unit.Length))
    {
        foreach (var unit in units)
            Add(unit);
    }

    private UnitSet(int units, int characters)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, units * 2));
        _mask = size - 1;
        _slots = new ulong[size];
        _offsets = new int[units + 1];
        _text = new char[characters];
    }

    internal static UnitSet Empty { get; } = new([]);

    /// <summary>How many different units there are.</summary>
    internal int Count { get; private set; }

    /// <summary>The units in the order they came.</summary>
    internal IEnumerable<string> Units
    {
        get
        {
            for (var at = 0; at < Count; at++)
                yield return new string(Text(at));
        }
    }

    /// <summary>The units of a set but for some, and some more.</summary>
    internal static UnitSet Merge(UnitSet from, UnitSet removed, UnitSet added)
    {
        var merged = new UnitSet(from.Count - removed.Count + added.Count, from.Characters - removed.Characters + added.Characters);
        for (var at = 0; at < from.Count; at++)
        {
            if (!removed.Contains(from.Text(at)))
                merged.Add(from.Text(at));
        }

        for (var at = 0; at < added.Count; at++)
            merged.Add(added.Text(at));
        return merged;
    }

    internal bool Contains(ReadOnlySpan<char> unit)
    {
        if (Count <= Few)
            return IsOneOfFew(unit);
        var hash = Hash(unit);
        for (var slot = (int)hash & _mask; ; slot = (slot + 1) & _mask)
        {
            var entry = _slots[slot];
            if (entry == 0)
                return false;
            if (Is(entry, hash, unit))
                return true;
        }
    }

    private bool IsOneOfFew(ReadOnlySpan<char> unit)
    {
        for (var at = 0; at < Count; at++)
        {
            if (unit.SequenceEqual(Text(at)))
                return true;
        }

        return false;
    }

    private int Characters => _offsets[Count];

    private ReadOnlySpan<char> Text(int at) => _text.AsSpan(_offsets[at].._offsets[at + 1]);

    private bool Is(ulong entry, ulong hash, ReadOnlySpan<char> unit) => entry >> 32 == hash >> 32 && unit.SequenceEqual(Text((int)(uint)entry - 1));

    private void Add(ReadOnlySpan<char> unit)
    {
        var hash = Hash(unit);
        var slot = (int)hash & _mask;
        while (_slots[slot] != 0)
        {
            if (Is(_slots[slot], hash, unit))
                return;
            slot = (slot + 1) & _mask;
        }

        unit.CopyTo(_text.AsSpan(_offsets[Count]));
        _offsets[Count + 1] = _offsets[Count] + unit.Length;
        _slots[slot] = (hash >> 32 << 32) | (uint)++Count;
    }

    private static ulong Hash(ReadOnlySpan<char> unit) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(unit));
}
