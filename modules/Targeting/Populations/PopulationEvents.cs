using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Populations;

/// <summary>The events that make a population what someone wrote; none if it is that already.</summary>
internal static class PopulationEvents
{
    /// <param name="present">What is there now, folded from its events; null for nothing.</param>
    public static IReadOnlyList<object> To(ImportedPopulation written, Population? present)
    {
        if (written.Segment is { } segment)
            return ToSegment(segment, written, present is { Deleted: false } ? present : null);
        object defined = written.Layer is { } layer
            ? new LayerDefined(layer with { Version = 0 }, written.Description, written.Owner)
            : new HoldoutDefined(written.Holdout! with { Version = 0 }, written.Description, written.Owner);
        return present is { Deleted: false } && Same(defined, Defined(present)) ? [] : [defined];
    }

    /// <summary>The event that would write a population as it is.</summary>
    public static object Defined(Population p) =>
        p.Whole is { } segment ? new SegmentDefined(segment with { Version = 0 }, p.Description, p.Owner)
        : p.Layer is { } layer ? new LayerDefined(layer with { Version = 0 }, p.Description, p.Owner)
        : new HoldoutDefined(p.Holdout! with { Version = 0 }, p.Description, p.Owner);

    /// <summary>Short lists are written with the segment; of long ones, only what differs.</summary>
    private static IReadOnlyList<object> ToSegment(Segment segment, ImportedPopulation written, Population? present)
    {
        var wanted = SegmentMembers.Of(segment);
        var bare = segment with { Included = [], Excluded = [], Version = 0 };
        if (wanted.Count <= SegmentMembers.MostInOneEvent)
        {
            var brief = new SegmentDefined(bare with { Included = segment.Included, Excluded = segment.Excluded }, written.Description, written.Owner);
            return present is not null && present.Members.Count <= SegmentMembers.MostInOneEvent && Same(brief, Defined(present)) ? [] : [brief];
        }

        var defined = new SegmentDefined(bare, written.Description, written.Owner, KeepsMembers: present is not null);
        var isDefined = present is not null && Same(defined with { KeepsMembers = false }, Bare(present));
        var members = (present?.Members ?? SegmentMembers.None).EventsTo(wanted);
        return [.. isDefined ? Enumerable.Empty<object>() : [defined], .. members];
    }

    private static SegmentDefined Bare(Population p) =>
        new(p.Segment! with { Included = [], Excluded = [], Version = 0 }, p.Description, p.Owner);

    private static bool Same(object a, object b) => a.GetType() == b.GetType() && JsonElement.DeepEquals(Json(a), Json(b));

    private static JsonElement Json(object e) => JsonSerializer.SerializeToElement(e, e.GetType(), Contracts.Http.Json.Options);
}
