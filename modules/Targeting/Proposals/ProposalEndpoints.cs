using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Flags;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Proposals;

/// <summary>Changes for others to review.</summary>
/// <param name="Title">What it is about, 1 to 200 characters.</param>
/// <param name="Changes">What, in order: objects with a <c>kind</c>, a <c>flag</c> and what the kind asks for.</param>
/// <param name="At">Not before this time; left out: at the merge.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewProposal(string Title, IReadOnlyList<FlagChange> Changes, DateTimeOffset? At = null, string? Comment = null);

/// <summary>A review comment.</summary>
internal sealed record NewProposalComment(string Text);

internal static class ProposalEndpoints
{
    private const string Path = "/api/v1/proposals";

    public static void MapProposals(this IEndpointRouteBuilder endpoints)
    {
        var proposals = endpoints.MapGroup(Path).WithTags("Proposals").RequireAuthorization(AccessPolicy.Operator);
        proposals.MapGet("", List).WithSummary("Proposals, newest first: ?flag= environment= state=open|approved|merged|rejected|withdrawn author= limit= after=")
            .Produces<Page<ProposalView>>();
        proposals.MapPost("", Propose).WithSummary("Proposes changes of flags for others to review; nothing is changed until the merge");
        proposals.MapGet("{key}", Get).WithSummary("One proposal with its diff, its review and what stands against a merge").Produces<ProposalView>();
        proposals.MapPost("{key}/comments", Comment).WithSummary("Adds a review comment");
        MapWord(proposals, "approve", "A second person agrees; the author can't", (audit, key) => new ApproveProposal(audit, key));
        MapWord(proposals, "reject", "Somebody disagrees: the proposal ends", (audit, key) => new RejectProposal(audit, key));
        MapWord(proposals, "withdraw", "The author takes it back", (audit, key) => new WithdrawProposal(audit, key));
        MapWord(proposals, "rebase", "Puts it on the flags as they are now; approvals fall away", (audit, key) => new RebaseProposal(audit, key));
        MapWord(proposals, "merge", "Makes the changes, or schedules them for the proposal's time", (audit, key) => new MergeProposal(audit, key));
    }

    private static void MapWord(RouteGroupBuilder proposals, string word, string summary, Func<Audit, string, Command> command) =>
        proposals.MapPost($"{{key}}/{word}", async (string key, OptionalReason why, HttpContext http, ISender sender, CancellationToken stop) =>
            (await sender.Send((ICommand<Outcome>)command(http.Audit(why.Comment), key), stop)).ToResult()).WithSummary(summary);

    private static async Task<IResult> List(
        Paging paging, ISender sender, CancellationToken cancellationToken, string? flag = null, string? environment = null, string? state = null, string? author = null)
    {
        var all = await sender.Send(new ListProposals(flag, environment, Choice.Of<ProposalState>("state", state), author), cancellationToken);
        var rest = all.Where(proposal => paging.After is null || string.CompareOrdinal(proposal.Key, paging.After) < 0).Take(paging.Limit + 1).ToList();
        return Results.Json(
            rest.Count > paging.Limit ? new Page<ProposalView>(rest[..paging.Limit], rest[paging.Limit - 1].Key) : new Page<ProposalView>(rest, null), Json.Options);
    }

    private static async Task<IResult> Propose(Body<NewProposal> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new ProposeChanges(http.Audit(body.Value.Comment), body.Value.Title, body.Value.Changes, body.Value.At), cancellationToken);
        return outcome.ToCreated(outcome is Outcome.Done done ? $"{Path}/{done.Key}" : Path);
    }

    private static async Task<IResult> Get(string key, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new FindProposal(key), cancellationToken) is { } proposal
            ? Results.Json(proposal, Json.Options).WithVersion(proposal.Version)
            : Problems.NotFound("proposal", key);

    private static async Task<IResult> Comment(
        string key, Body<NewProposalComment> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new CommentProposal(http.Audit(), key, body.Value.Text), cancellationToken)).ToResult();
}
