using System.Collections;

namespace Delivery.Evaluation;

/// <summary>
/// Different units by their ids, up to a million and more: immutable, asked in constant time without an allocation, and changed
/// at the cost of the change. It is a large set with a small one of what was added since and one of what was removed; when
/// those grow to a quarter of it, they are merged.
/// </summary>
/// <remarks>Costs about 20 bytes and two for each character of an id; environments share it.</remarks>
public sealed class UnitList : IReadOnlyList<string>
{
    private const int SmallestMerge = 4_096;
    private readonly UnitSet _units;
    private readonly UnitSet _added;
    private readonly UnitSet _removed;

    private UnitList(UnitSet units, UnitSet added, UnitSet removed)
    {
        _units = units;
        _added = added;
        _removed = removed;
    }

    /// <summary>No units.</summary>
    public static UnitList Empty { get; } = new(UnitSet.Empty, UnitSet.Empty, UnitSet.Empty);

    /// <summary>How many units there are.</summary>
    public int Count => _units.Count - _removed.Count + _added.Count;

    /// <summary>The unit at a place; costs as much as walking there.</summary>
    /// <param name="index">From 0.</param>
    /// <returns>The unit's id.</returns>
    public string this[int index] => this.ElementAt(index);

    /// <summary>A list of units; the same one if it is of this kind.</summary>
    /// <param name="units">The units; repeated ones count once.</param>
    /// <returns>The list.</returns>
    public static UnitList Of(IReadOnlyList<string> units)
    {
        ArgumentNullException.ThrowIfNull(units);
        return units as UnitList ?? (units.Count == 0 ? Empty : new UnitList(new UnitSet(units), UnitSet.Empty, UnitSet.Empty));
    }

    /// <summary>Whether a unit is in the list.</summary>
    /// <param name="unit">The unit's id, compared ordinally.</param>
    /// <returns>True if it is.</returns>
    public bool Contains(ReadOnlySpan<char> unit) => _added.Contains(unit) || (_units.Contains(unit) && !_removed.Contains(unit));

    /// <summary>This list with more units.</summary>
    /// <param name="units">The units; those that are there already change nothing.</param>
    /// <returns>The new list.</returns>
    public UnitList With(IReadOnlyCollection<string> units)
    {
        ArgumentNullException.ThrowIfNull(units);
        var back = new UnitSet([.. units.Where(unit => _removed.Contains(unit))]);
        var more = new UnitSet([.. units.Where(unit => !_units.Contains(unit) && !_added.Contains(unit))]);
        return Merged(UnitSet.Merge(_added, UnitSet.Empty, more), UnitSet.Merge(_removed, back, UnitSet.Empty));
    }

    /// <summary>This list without some units.</summary>
    /// <param name="units">The units; those that are not there change nothing.</param>
    /// <returns>The new list.</returns>
    public UnitList Without(IReadOnlyCollection<string> units)
    {
        ArgumentNullException.ThrowIfNull(units);
        var late = new UnitSet([.. units.Where(unit => _added.Contains(unit))]);
        var less = new UnitSet([.. units.Where(unit => _units.Contains(unit) && !_removed.Contains(unit))]);
        return Merged(UnitSet.Merge(_added, late, UnitSet.Empty), UnitSet.Merge(_removed, UnitSet.Empty, less));
    }

    /// <summary>The units, in no order that means anything.</summary>
    /// <returns>An enumerator.</returns>
    public IEnumerator<string> GetEnumerator() =>
        _units.Units.Where(unit => !_removed.Contains(unit)).Concat(_added.Units).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private UnitList Merged(UnitSet added, UnitSet removed)
    {
        var changes = added.Count + removed.Count;
        return changes > SmallestMerge && changes > _units.Count / 4
            ? new UnitList(UnitSet.Merge(_units, removed, added), UnitSet.Empty, UnitSet.Empty)
            : new UnitList(_units, added, removed);
    }
}
