using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Populations;

/// <summary>A segment, written as a whole: a condition, lists of units, or both.</summary>
internal sealed record NewSegment(
    Condition? Condition = null,
    string? UnitAttribute = null,
    IReadOnlyList<string>? Included = null,
    IReadOnlyList<string>? Excluded = null,
    string? Description = null,
    string? Owner = null,
    string? Comment = null)
{
    public Segment Segment(string key) => new()
    {
        Key = key,
        Condition = Condition,
        UnitAttribute = UnitAttribute ?? Attributes.TargetingKey,
        Included = Included ?? [],
        Excluded = Excluded ?? [],
    };
}

/// <summary>A layer, written as a whole: mutually exclusive slots.</summary>
internal sealed record NewLayer(
    IReadOnlyList<LayerSlot> Slots,
    string? UnitAttribute = null,
    string? Salt = null,
    int TotalWeight = 10_000,
    string? Description = null,
    string? Owner = null,
    string? Comment = null)
{
    public Layer Layer(string key) => new()
    {
        Key = key,
        Slots = Slots,
        UnitAttribute = UnitAttribute ?? Attributes.TargetingKey,
        Salt = Salt ?? $"layer:{key}",
        TotalWeight = TotalWeight,
    };
}

/// <summary>A holdout, written as a whole: the part of the units that a group of flags does not reach.</summary>
internal sealed record NewHoldout(
    int HeldOutPartsPerMillion,
    IReadOnlyList<string> Flags,
    string? UnitAttribute = null,
    string? Salt = null,
    string? Description = null,
    string? Owner = null,
    string? Comment = null)
{
    public Holdout Holdout(string key) => new()
    {
        Key = key,
        HeldOutPartsPerMillion = HeldOutPartsPerMillion,
        Flags = Flags,
        UnitAttribute = UnitAttribute ?? Attributes.TargetingKey,
        Salt = Salt ?? $"holdout:{key}",
    };
}

/// <summary>A segment, layer or holdout as the API shows it; exactly one of the three is there.</summary>
/// <param name="Segment">With its lists if they have up to 1,000 units together; <c>/members</c> has them all.</param>
/// <param name="IncludedCount">Units in the segment's list; absent for layers and holdouts.</param>
/// <param name="ExcludedCount">Units in its other list.</param>
internal sealed record PopulationView(
    string Key, string? Description, string? Owner, Segment? Segment, int? IncludedCount, int? ExcludedCount, Layer? Layer, Holdout? Holdout,
    DateTimeOffset ChangedAt, long Sequence, long Version)
{
    private const int MostShown = 1_000;

    public static PopulationView Of(Population p) => new(
        p.Key, p.Description, p.Owner, p.Members.Count > MostShown ? p.Segment : p.Whole,
        p.Segment is null ? null : p.Members.Included.Count, p.Segment is null ? null : p.Members.Excluded.Count,
        p.Layer, p.Holdout, p.ChangedAt, p.Sequence, p.Version);
}

internal static class PopulationEndpoints
{
    /// <summary>A list of a million ids.</summary>
    private const long LargestSegmentBody = 64 * 1024 * 1024;

    public static void MapPopulations(this IEndpointRouteBuilder endpoints)
    {
        var segments = Map(endpoints, "segment", "A named, reusable population");
        segments.MapPut("{key}", (string key, Body<NewSegment> body, HttpContext http, ISender sender, CancellationToken stop) =>
                Define(http, sender, new DefinePopulation(http.Audit(body.Value.Comment), "segment", key, body.Value.Segment(key), null, null, body.Value.Description, body.Value.Owner), stop))
            .WithSummary("Writes a segment, new or anew").WithMetadata(new LargeBody(LargestSegmentBody));
        segments.MapMembers();
        var layers = Map(endpoints, "layer", "Mutually exclusive slots");
        layers.MapPut("{key}", (string key, Body<NewLayer> body, HttpContext http, ISender sender, CancellationToken stop) =>
                Define(http, sender, new DefinePopulation(http.Audit(body.Value.Comment), "layer", key, null, body.Value.Layer(key), null, body.Value.Description, body.Value.Owner), stop))
            .WithSummary("Writes a layer, new or anew");
        var holdouts = Map(endpoints, "holdout", "Units kept out of a group of flags");
        holdouts.MapPut("{key}", (string key, Body<NewHoldout> body, HttpContext http, ISender sender, CancellationToken stop) =>
                Define(http, sender, new DefinePopulation(http.Audit(body.Value.Comment), "holdout", key, null, null, body.Value.Holdout(key), body.Value.Description, body.Value.Owner), stop))
            .WithSummary("Writes a holdout, new or anew");
    }

    private static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string kind, string what)
    {
        var group = endpoints.MapGroup($"/api/v1/{kind}s").WithTags("Populations").RequireAuthorization(AccessPolicy.Operator);
        group.MapGet("", (Paging paging, LiveRulesets live) => Results.Json(paging.Cut(Of(live, kind).Select(PopulationView.Of), p => p.Key), Json.Options))
            .WithSummary($"{what}: lists them").Produces<Page<PopulationView>>();
        group.MapGet("{key}", (string key, LiveRulesets live) => Of(live, kind).FirstOrDefault(p => p.Key == key) is { } found
                ? Results.Json(PopulationView.Of(found), Json.Options).WithVersion(found.Version)
                : Problems.NotFound(kind, key))
            .WithSummary($"Shows one {kind}").Produces<PopulationView>();
        group.MapDelete("{key}", async (string key, HttpContext http, ISender sender, CancellationToken stop) =>
                (await sender.Send(new DeletePopulation(http.Audit(), kind, key), stop)).ToResult())
            .WithSummary($"Takes a {kind} away");
        return group;
    }

    private static IEnumerable<Population> Of(LiveRulesets live, string kind) =>
        live.Present.Where(population => population.Id.StartsWith(kind + ":", StringComparison.Ordinal));

    private static async Task<IResult> Define(HttpContext http, ISender sender, DefinePopulation command, CancellationToken cancellationToken)
    {
        var holes = command.Layer is { } layer ? Faults.Holes("slots", layer.Slots)
            : command.Holdout is { } holdout ? Faults.Holes("flags", holdout.Flags)
            : Faults.Holes("included", command.Segment!.Included).Concat(Faults.Holes("excluded", command.Segment.Excluded));
        if (holes.ToList() is { Count: > 0 } faults)
            return Problems.Invalid(faults);
        var outcome = await sender.Send(command, cancellationToken);
        return outcome is Contracts.Commands.Outcome.Done { Version: 1, Changed: true }
            ? outcome.ToCreated(http.Request.Path)
            : outcome.ToResult();
    }

    private sealed record LargeBody(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
