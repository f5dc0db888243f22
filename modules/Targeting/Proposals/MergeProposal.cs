using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Scheduling;
using Marten;
using Mediator;

namespace Delivery.Targeting.Proposals;

/// <summary>The proposal's end, the flags' changes (or the scheduled change), and nothing in between: one transaction.</summary>
internal sealed class MergeProposalHandler(
    IDocumentSession session, ChangeMaker maker, ChangeScheduler scheduler, TimeProvider time)
    : ICommandHandler<MergeProposal, Outcome>
{
    public async ValueTask<Outcome> Handle(MergeProposal command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Proposal>(Proposal.Stream(command.Key), cancellationToken);
        if (stream.Aggregate is not { } proposal)
            return new Outcome.NotFound("proposal", command.Key);
        if (command.Audit.ExpectedVersion is { } expected && expected != proposal.Version)
            return new Outcome.Stale("proposal", command.Key, expected, proposal.Version);
        if (proposal.Ended == ProposalState.Merged)
            return new Outcome.Done("proposal", command.Key, proposal.Version, Changed: false);
        if (Reviewing.Ended(proposal) is Decision.Refuse ended)
            return ended.Outcome;
        var later = proposal.At is { } at && at > time.GetUtcNow();
        var (merged, refusal) = later
            ? await ScheduleAsync(command, proposal, cancellationToken)
            : await MakeAsync(command, proposal, cancellationToken);
        if (merged is null)
            return refusal!;
        stream.AppendOne(merged);
        return new Outcome.Done("proposal", command.Key, proposal.Version + 1);
    }

    private async Task<(ProposalMerged?, Outcome?)> MakeAsync(MergeProposal command, Proposal proposal, CancellationToken cancellationToken)
    {
        var (result, versions) = await maker.MakeAsync(
            proposal.Changes, stoodOn: null, proposal.Approvals.Count > 0, cancellationToken, flags => (Reviewing.Moved(proposal, flags) as Decision.Refuse)?.Outcome);
        return result is ChangeResult.Stopped stopped
            ? (null, InItsWords(proposal, stopped.Outcome))
            : (Merged(command, proposal, versions, null), null);
    }

    private async Task<(ProposalMerged?, Outcome?)> ScheduleAsync(MergeProposal command, Proposal proposal, CancellationToken cancellationToken)
    {
        if (Reviewing.Moved(proposal, await session.FlagsOfAsync(proposal.Changes, cancellationToken)) is Decision.Refuse moved)
            return (null, moved.Outcome);
        var approved = proposal.Approvals.Count > 0;
        var outcome = await scheduler.WriteAsync(proposal.At!.Value, proposal.Changes, approved ? proposal.Key : null, cancellationToken);
        return outcome is Outcome.Done done
            ? (Merged(command, proposal, new Dictionary<string, long>(), done.Key), null)
            : (null, InItsWords(proposal, outcome));
    }

    private static ProposalMerged Merged(MergeProposal command, Proposal proposal, IReadOnlyDictionary<string, long> versions, string? scheduled) =>
        new(command.Audit.Principal, [.. proposal.Approvals.Select(approval => approval.By)], versions, scheduled);

    private static Outcome InItsWords(Proposal proposal, Outcome outcome) => outcome is Outcome.Refused { Code: "approval-required" }
        ? new Outcome.Refused("approval-missing", Reviewing.ApprovalMissing(proposal))
        : outcome;
}
