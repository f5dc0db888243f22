using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Delivery.Targeting.Scheduling;
using Marten;
using Mediator;

namespace Delivery.Targeting.Proposals;

internal sealed class ListProposalsHandler(IQuerySession session) : IQueryHandler<ListProposals, IReadOnlyList<ProposalView>>
{
    public async ValueTask<IReadOnlyList<ProposalView>> Handle(ListProposals query, CancellationToken cancellationToken)
    {
        var all = await session.Query<Proposal>().ToListAsync(cancellationToken);
        return [.. all
            .Where(proposal => query.State is null || proposal.State == query.State)
            .Where(proposal => query.Author is null || proposal.Author == query.Author)
            .Where(proposal => proposal.Touches(query.Flag, query.Environment))
            .OrderByDescending(proposal => proposal.Key, StringComparer.Ordinal)
            .Select(proposal => Standing.View(proposal, null, null, null))];
    }
}

internal sealed class FindProposalHandler(IQuerySession session, LiveRulesets live, GuardedEnvironments environments, TimeProvider time)
    : IQueryHandler<FindProposal, ProposalView?>
{
    public async ValueTask<ProposalView?> Handle(FindProposal query, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<Proposal>(Proposal.Stream(query.Key), cancellationToken) is not { } proposal)
            return null;
        var flags = proposal.Ended is null
            ? await session.FlagsOfAsync(proposal.Changes, cancellationToken)
            : await ThenAsync(proposal, cancellationToken);
        var result = ChangeSet.Make(proposal.Changes, flags, live.Rulesets(), stoodOn: null, time.GetUtcNow());
        var diff = result is ChangeResult.Made made ? ScheduledChangeViews.Diff(proposal.Changes, flags, made.After) : null;
        if (proposal.Ended is not null)
            return Standing.View(proposal, null, null, diff);
        var guarded = await environments.GuardedAsync(cancellationToken);
        var needed = result is ChangeResult.Made events && ChangeMaker.Against(events, flags, guarded) is not null;
        return Standing.View(proposal, needed, [.. Standing.Obstacles(proposal, flags, result, needed)], diff);
    }

    /// <summary>The flags as they were when the proposal was written or last rebased.</summary>
    private async Task<IReadOnlyDictionary<string, Flag>> ThenAsync(Proposal proposal, CancellationToken cancellationToken)
    {
        var flags = new Dictionary<string, Flag>(StringComparer.Ordinal);
        foreach (var footing in proposal.StoodOn.DistinctBy(footing => footing.Flag))
        {
            var events = await session.Events.FetchStreamAsync(Flag.Stream(footing.Flag), version: footing.Version, token: cancellationToken);
            if (FlagHistory.Fold(events) is { } flag)
                flags[flag.Key] = flag;
        }

        return flags;
    }
}

/// <summary>How a proposal stands, for people.</summary>
internal static class Standing
{
    public static IEnumerable<string> Obstacles(Proposal proposal, IReadOnlyDictionary<string, Flag> flags, ChangeResult result, bool needsApproval)
    {
        if (Reviewing.Moved(proposal, flags) is Decision.Refuse { Outcome: Outcome.Refused moved })
            yield return moved.Reason;
        if (result is ChangeResult.Stopped stopped)
            yield return stopped.Sentence;
        if (needsApproval && proposal.Approvals.Count == 0)
            yield return Reviewing.ApprovalMissing(proposal);
    }

    public static ProposalView View(Proposal p, bool? needsApproval, IReadOnlyList<string>? obstacles, IReadOnlyList<FlagDiff>? diff) => new(
        p.Key, p.Title, p.State, p.Author, p.ProposedAt, p.Comment, p.Changes, p.At, p.Approvals, p.Comments, p.EndedBy, p.EndedAt, p.EndComment,
        p.ScheduledChange, needsApproval, obstacles, diff, p.Version);
}
