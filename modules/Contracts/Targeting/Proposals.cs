using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Proposes changes for others to review. Nothing is changed until it is merged.</summary>
/// <param name="Audit">Who, why; the principal is the author.</param>
/// <param name="Title">What it is about, 1 to 200 characters.</param>
/// <param name="Changes">What, in order; 1 to 50. All are made, or none.</param>
/// <param name="At">When the changes are to be made after the merge; null: at the merge.</param>
public sealed record ProposeChanges(Audit Audit, string Title, IReadOnlyList<FlagChange> Changes, DateTimeOffset? At = null) : Command(Audit);

/// <summary>Adds a review comment. Each is kept, also a repeated one.</summary>
/// <param name="Audit">Who.</param>
/// <param name="Key">The proposal's key.</param>
/// <param name="Text">1 to 4,000 characters.</param>
public sealed record CommentProposal(Audit Audit, string Key, string Text) : Command(Audit);

/// <summary>A second person agrees; the author can't. Repeating it changes nothing.</summary>
public sealed record ApproveProposal(Audit Audit, string Key) : Command(Audit);

/// <summary>Somebody disagrees: the proposal ends. Repeating it changes nothing.</summary>
public sealed record RejectProposal(Audit Audit, string Key) : Command(Audit);

/// <summary>The author takes it back: the proposal ends. Repeating it changes nothing.</summary>
public sealed record WithdrawProposal(Audit Audit, string Key) : Command(Audit);

/// <summary>Puts the proposal on the flags as they are now. Approvals given before fall away: what they looked at has moved.</summary>
public sealed record RebaseProposal(Audit Audit, string Key) : Command(Audit);

/// <summary>Makes the changes now, or writes them down for the proposal's time. Refused while something stands against it.</summary>
public sealed record MergeProposal(Audit Audit, string Key) : Command(Audit);

/// <summary>Asks for proposals, newest first.</summary>
/// <param name="Flag">Only those that change this flag; null for all.</param>
/// <param name="Environment">Only those that change something in this environment; null for all.</param>
/// <param name="State">Only those in this state; null for all.</param>
/// <param name="Author">Only this principal's; null for all.</param>
public sealed record ListProposals(string? Flag = null, string? Environment = null, ProposalState? State = null, string? Author = null)
    : IQuery<IReadOnlyList<ProposalView>>;

/// <summary>Asks for one proposal, with its diff; null when there is none.</summary>
public sealed record FindProposal(string Key) : IQuery<ProposalView?>;

/// <summary>Where a proposal stands.</summary>
public enum ProposalState
{
    /// <summary>Waits for review.</summary>
    Open = 1,

    /// <summary>A second person agreed.</summary>
    Approved = 2,

    /// <summary>Made, or written down for its time.</summary>
    Merged = 3,

    /// <summary>Somebody disagreed.</summary>
    Rejected = 4,

    /// <summary>The author took it back.</summary>
    Withdrawn = 5,
}

/// <summary>A proposal as people and programs see it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Title">What it is about.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Author">Who proposed it.</param>
/// <param name="ProposedAt">When.</param>
/// <param name="Comment">Why.</param>
/// <param name="Changes">What, in order.</param>
/// <param name="At">When the changes are to be made after the merge; null: at the merge.</param>
/// <param name="Approvals">Who agreed, since the last rebase.</param>
/// <param name="Comments">The review's comments, oldest first.</param>
/// <param name="EndedBy">Who merged, rejected or withdrew it.</param>
/// <param name="EndedAt">When.</param>
/// <param name="EndComment">Why.</param>
/// <param name="ScheduledChange">The scheduled change the merge wrote down, or null.</param>
/// <param name="NeedsApproval">Whether an environment it changes something in asks for a second person. Null in lists and after its end.</param>
/// <param name="Obstacles">What stands against a merge now, in sentences; empty when nothing does. Null in lists and after its end.</param>
/// <param name="Diff">What it changes: against now while it is open, as it was merged afterwards. Null in lists.</param>
/// <param name="Version">The stream version.</param>
public sealed record ProposalView(
    string Key,
    string Title,
    ProposalState State,
    string Author,
    DateTimeOffset ProposedAt,
    string? Comment,
    IReadOnlyList<FlagChange> Changes,
    DateTimeOffset? At,
    IReadOnlyList<ProposalApproval> Approvals,
    IReadOnlyList<ProposalComment> Comments,
    string? EndedBy,
    DateTimeOffset? EndedAt,
    string? EndComment,
    string? ScheduledChange,
    bool? NeedsApproval,
    IReadOnlyList<string>? Obstacles,
    IReadOnlyList<FlagDiff>? Diff,
    long Version);

/// <summary>Somebody agreed.</summary>
public sealed record ProposalApproval(string By, DateTimeOffset At, string? Comment);

/// <summary>A review comment.</summary>
public sealed record ProposalComment(string By, DateTimeOffset At, string Text);
