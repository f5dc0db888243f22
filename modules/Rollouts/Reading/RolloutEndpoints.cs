using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Rollouts;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Rollouts;

/// <summary>Why a rollout is told something; may be left out.</summary>
internal sealed record Word(string? Comment = null);

/// <summary>An approval.</summary>
/// <param name="Stage">The stage's name as the person saw it; left out: the present one.</param>
/// <param name="Comment">Why.</param>
internal sealed record Approval(string? Stage = null, string? Comment = null);

/// <summary>A stop.</summary>
/// <param name="Reason">Why, for everyone to read; may be left out.</param>
/// <param name="Comment">The same, where the caller treats all writes alike.</param>
internal sealed record Stop(string? Reason = null, string? Comment = null);

internal static class RolloutEndpoints
{
    private const string Path = "/api/v1/rollouts";
    private const int LongestReason = 2_000;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var rollouts = endpoints.MapGroup(Path).WithTags("Rollouts").RequireAuthorization(AccessPolicy.Operator);
        rollouts.MapGet("", List).WithSummary("Rollouts, newest first: ?environment= status= flag= owner= limit= after=").Produces<Page<ReleaseView>>();
        rollouts.MapPost("", Plan).WithSummary("Plans a rollout; it exposes nobody until it is started");
        rollouts.MapGet("{key}", Get).WithSummary("One rollout").Produces<ReleaseView>();
        rollouts.MapGet("{key}/evidence", Evidence).WithSummary("What its decisions rest on: looks, counts per stage and arm").Produces<ReleaseEvidence>();
        rollouts.MapPost("{key}/start", Start).WithSummary("Starts it: the first stage opens");
        rollouts.MapPost("{key}/pause", Pause).WithSummary("Holds it where it is; breaker and guardrails watch on");
        rollouts.MapPost("{key}/resume", Resume).WithSummary("Lets it go on");
        rollouts.MapPost("{key}/approve", Approve).WithSummary("Approves that it goes on from the present stage");
        rollouts.MapPost("{key}/abort", Abort).WithSummary("Stops it for ever; nobody is exposed by it any more");
    }

    private static async Task<IResult> List(ListFilter filter, Paging paging, ISender sender, CancellationToken cancellationToken)
    {
        var all = (await sender.Send(new ListReleases(filter.Environment), cancellationToken)).Where(filter.Takes).ToList();
        var from = paging.After is null ? 0 : all.FindIndex(r => r.Key == paging.After) + 1;
        if (paging.After is not null && from == 0)
            throw new InvalidRequest("after", "the previous page's next");
        var page = all.Skip(from).Take(paging.Limit).ToList();
        return Results.Ok(new Page<ReleaseView>(page, from + page.Count < all.Count ? page[^1].Key : null));
    }

    private static async Task<IResult> Get(string key, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new FindRelease(key), cancellationToken) is { } release
            ? Results.Ok(release).WithVersion(release.Version)
            : Problems.NotFound("rollout", key);

    private static async Task<IResult> Evidence(string key, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new FindEvidence(key), cancellationToken) is { } evidence ? Results.Ok(evidence) : Problems.NotFound("rollout", key);

    private static async Task<IResult> Plan(Body<NewRollout> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new PlanRollout(http.Audit(body.Value.Comment), body.Value), cancellationToken);
        return outcome.ToCreated($"{Path}/{body.Value.Key}");
    }

    private static Task<IResult> Start(string key, Optional<Word> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        Send(sender, new StartRollout(http.Audit(body.Value?.Comment), key), cancellationToken);

    private static Task<IResult> Pause(string key, Optional<Word> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        Send(sender, new PauseRollout(http.Audit(body.Value?.Comment), key), cancellationToken);

    private static Task<IResult> Resume(string key, Optional<Word> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        Send(sender, new ResumeRollout(http.Audit(body.Value?.Comment), key), cancellationToken);

    private static Task<IResult> Approve(string key, Optional<Approval> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        Send(sender, new ApproveStage(http.Audit(body.Value?.Comment), key, body.Value?.Stage), cancellationToken);

    private static Task<IResult> Abort(string key, Optional<Stop> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var why = body.Value?.Reason ?? body.Value?.Comment;
        if (why?.Length > LongestReason)
            throw new InvalidRequest("reason", $"at most {LongestReason} characters");
        return Send(sender, new AbortRollout(http.Audit(why), key, why), cancellationToken);
    }

    private static async Task<IResult> Send(ISender sender, Command command, CancellationToken cancellationToken) =>
        (await sender.Send(command, cancellationToken)).ToResult();
}
