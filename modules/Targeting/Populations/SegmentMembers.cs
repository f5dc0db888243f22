using Delivery.Evaluation;

namespace Delivery.Targeting.Populations;

/// <summary>The two lists of a segment.</summary>
internal enum SegmentList
{
    Included = 1,
    Excluded = 2,
}

/// <summary>Units were added to a list of a segment: only such as were not in it.</summary>
/// <param name="Units">At most <see cref="SegmentMembers.MostInOneEvent"/>.</param>
internal sealed record SegmentMembersAdded(SegmentList List, IReadOnlyList<string> Units);

/// <summary>Units were removed from a list of a segment: only such as were in it.</summary>
/// <param name="Units">At most <see cref="SegmentMembers.MostInOneEvent"/>.</param>
internal sealed record SegmentMembersRemoved(SegmentList List, IReadOnlyList<string> Units);

/// <summary>Who is in the lists of a segment.</summary>
internal sealed record SegmentMembers(UnitList Included, UnitList Excluded)
{
    /// <summary>Longer lists are told by several events, so that none is larger than some 300 kB.</summary>
    public const int MostInOneEvent = 10_000;

    public static SegmentMembers None { get; } = new(UnitList.Empty, UnitList.Empty);

    public int Count => Included.Count + Excluded.Count;

    public static SegmentMembers Of(Segment segment) => new(UnitList.Of(segment.Included), UnitList.Of(segment.Excluded));

    public UnitList In(SegmentList list) => list == SegmentList.Included ? Included : Excluded;

    public SegmentMembers With(SegmentMembersAdded e) => With(e.List, In(e.List).With(e.Units));

    public SegmentMembers With(SegmentMembersRemoved e) => With(e.List, In(e.List).Without(e.Units));

    /// <summary>The events that make these members those.</summary>
    public IEnumerable<object> EventsTo(SegmentMembers wanted) => EventsTo(SegmentList.Included, wanted).Concat(EventsTo(SegmentList.Excluded, wanted));

    private IEnumerable<object> EventsTo(SegmentList list, SegmentMembers wanted)
    {
        var (present, next) = (In(list), wanted.In(list));
        var removed = present.Where(unit => !next.Contains(unit)).Chunk(MostInOneEvent).Select(units => (object)new SegmentMembersRemoved(list, units));
        var added = next.Where(unit => !present.Contains(unit)).Chunk(MostInOneEvent).Select(units => (object)new SegmentMembersAdded(list, units));
        return removed.Concat(added);
    }

    private SegmentMembers With(SegmentList list, UnitList units) => list == SegmentList.Included ? this with { Included = units } : this with { Excluded = units };
}
