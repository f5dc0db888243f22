using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Lifecycle;

/// <summary>Where a repository's code names flags: the whole list at a revision.</summary>
/// <param name="Repository">The repository's name, such as <c>shop/web</c>.</param>
/// <param name="Revision">The revision, such as a commit's hash.</param>
/// <param name="References">Every place; an empty list says that no code names a flag.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewCodeReferences(string Repository, string Revision, IReadOnlyList<CodeReference> References, string? Comment = null);

/// <summary>What an upload says about flags.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Revision">The revision.</param>
/// <param name="References">How many places.</param>
/// <param name="Unknown">Keys that are no flag's.</param>
/// <param name="Archived">Keys of flags that are retired: evaluation does not find them.</param>
/// <param name="Gone">Flags that some code named once and none does now.</param>
/// <param name="Changed">False when it said the same before.</param>
internal sealed record CodeReferenceReport(
    string Repository, string Revision, int References, IReadOnlyList<string> Unknown, IReadOnlyList<string> Archived, IReadOnlyList<string> Gone, bool Changed);

/// <summary>A place in code, as the API lists it.</summary>
internal sealed record CodeReferenceView(string Repository, string Revision, string Flag, string File, int Line);

/// <summary>A flag whose work is done.</summary>
internal sealed record StaleFlag(string Key, string? Owner, FlagLifecycle Lifecycle);

internal static class LifecycleEndpoints
{
    public static void MapLifecycle(this IEndpointRouteBuilder endpoints)
    {
        var flags = endpoints.MapGroup("/api/v1/flags").WithTags("Lifecycle").RequireAuthorization(AccessPolicy.Operator);
        flags.MapGet("stale", Stale).WithSummary("Flags whose work is done, and why: ?owner= limit= after=").Produces<Page<StaleFlag>>();
        flags.MapPut("code-references", Upload).WithSummary("Says where a repository's code names flags; unknown and archived ones are told").Produces<CodeReferenceReport>();
        flags.MapGet("code-references", References).WithSummary("Places in code that name flags: ?flag= repository= limit= after=").Produces<Page<CodeReferenceView>>();
    }

    private static async Task<IResult> Stale(Paging paging, LiveRulesets live, LifecycleBook book, CancellationToken cancellationToken, string? owner = null)
    {
        var lifecycle = await book.OpenAsync(cancellationToken);
        var stale = live.Flags
            .Where(flag => !flag.Archived && (owner is null || flag.Identity.Owner == owner))
            .Select(flag => new StaleFlag(flag.Key, flag.Identity.Owner, lifecycle(flag)))
            .Where(flag => flag.Lifecycle.State is LifecycleState.Stale or LifecycleState.ReadyToRemove);
        return Results.Json(paging.Cut(stale, flag => flag.Key), Json.Options);
    }

    private static async Task<IResult> Upload(
        Body<NewCodeReferences> body, HttpContext http, ISender sender, LiveRulesets live, CodeIndex code, CancellationToken cancellationToken)
    {
        var upload = body.Value;
        var outcome = await sender.Send(new UploadCodeReferences(http.Audit(upload.Comment), upload.Repository, upload.Revision, upload.References), cancellationToken);
        return outcome.ToResult(done =>
        {
            var flags = live.Flags.ToDictionary(flag => flag.Key, StringComparer.Ordinal);
            var named = upload.References.Select(reference => reference.Flag).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            var gone = code.Flags().Where(pair => pair.Value.Places == 0 && flags.TryGetValue(pair.Key, out var flag) && !flag.Archived).Select(pair => pair.Key);
            return Results.Json(
                new CodeReferenceReport(
                    upload.Repository, upload.Revision, upload.References.Count,
                    [.. named.Where(key => !flags.ContainsKey(key))],
                    [.. named.Where(key => flags.TryGetValue(key, out var flag) && flag.Archived)],
                    [.. gone.Order(StringComparer.Ordinal)],
                    done.Changed),
                Json.Options);
        });
    }

    private static IResult References(Paging paging, CodeIndex code, string? flag = null, string? repository = null)
    {
        var places = code.Repositories
            .Where(r => repository is null || r.Repository == repository)
            .SelectMany(r => r.References.Select(reference => new CodeReferenceView(r.Repository, r.Revision, reference.Flag, reference.File, reference.Line)))
            .Where(reference => flag is null || reference.Flag == flag);
        return Results.Json(paging.Cut(places, place => $"{place.Flag} {place.Repository} {place.File} {place.Line:D9}"), Json.Options);
    }
}
