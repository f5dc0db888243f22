using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Proposals;

/// <summary>What people may tell a proposal, and when. Repeating it yields no event.</summary>
internal static class Reviewing
{
    private const int LongestText = 4_000;

    public static Decision Decide(CommentProposal command, Proposal proposal) =>
        string.IsNullOrWhiteSpace(command.Text) || command.Text.Length > LongestText
            ? Decision.Invalid([new FieldError("text", $"1 to {LongestText} characters")])
            : Ended(proposal) ?? Decision.Of(new ProposalCommented(command.Text.Trim()));

    /// <param name="command">Who agrees.</param>
    /// <param name="proposal">With what.</param>
    /// <param name="flags">The flags it changes, as they are now.</param>
    public static Decision Decide(ApproveProposal command, Proposal proposal, IReadOnlyDictionary<string, Flag> flags)
    {
        if (Ended(proposal) is { } ended)
            return ended;
        if (command.Audit.Principal == proposal.Author)
            return Decision.Refused("own-proposal", $"{proposal.Author} proposed it: someone else must approve it.");
        if (proposal.Approvals.Any(approval => approval.By == command.Audit.Principal))
            return Decision.Nothing;
        return Moved(proposal, flags) ?? Decision.Of(new ProposalApproved(command.Audit.Principal));
    }

    public static Decision Decide(RejectProposal command, Proposal proposal) => proposal.Ended == ProposalState.Rejected
        ? Decision.Nothing
        : Ended(proposal) ?? Decision.Of(new ProposalRejected(command.Audit.Principal));

    public static Decision Decide(WithdrawProposal command, Proposal proposal) =>
        proposal.Ended == ProposalState.Withdrawn ? Decision.Nothing
        : Ended(proposal) is { } ended ? ended
        : command.Audit.Principal != proposal.Author ? Decision.Refused("not-the-author", $"Only {proposal.Author} can take it back; others reject it.")
        : Decision.Of(new ProposalWithdrawn(command.Audit.Principal));

    public static Decision Decide(Proposal proposal, IReadOnlyDictionary<string, Flag> flags)
    {
        if (Ended(proposal) is { } ended)
            return ended;
        return Moved(proposal, flags) is null
            ? Decision.Nothing
            : Decision.Of(new ProposalRebased([.. proposal.StoodOn.Where(footing => flags.ContainsKey(footing.Flag)).Select(footing => Footing.Of(flags[footing.Flag], footing.Environment))]));
    }

    /// <summary>A refusal where a flag has moved since the proposal was written or rebased.</summary>
    public static Decision? Moved(Proposal proposal, IReadOnlyDictionary<string, Flag> flags)
    {
        foreach (var footing in proposal.StoodOn)
        {
            if (!flags.TryGetValue(footing.Flag, out var flag))
                return new Decision.Refuse(new Outcome.NotFound("flag", footing.Flag));
            if (footing.Moved(flag) is { Count: > 0 } parts)
                return Decision.Refused("proposal-moved", $"{Sentences.Moved(footing, flag, parts)} Look at the diff again and rebase the proposal; approvals then fall away.");
        }

        return null;
    }

    public static Decision? Ended(Proposal proposal) => proposal.Ended is { } state
        ? Decision.Refused("proposal-ended", $"The proposal was {state.ToString().ToLowerInvariant()} by {proposal.EndedBy}; that is final.")
        : null;

    public static string ApprovalMissing(Proposal proposal) => $"Someone other than {proposal.Author} must approve it first.";
}
