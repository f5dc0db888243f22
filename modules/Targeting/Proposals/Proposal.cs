using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using JasperFx.Events;

namespace Delivery.Targeting.Proposals;

/// <summary>Somebody proposed changes.</summary>
/// <param name="Key">The proposal's key.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Changes">What, in order.</param>
/// <param name="StoodOn">The flags it changes, as they were.</param>
/// <param name="At">Not before this time.</param>
internal sealed record ProposalMade(
    string Key, string Title, IReadOnlyList<FlagChange> Changes, IReadOnlyList<Footing> StoodOn, DateTimeOffset? At = null);

/// <summary>Somebody said something about it.</summary>
internal sealed record ProposalCommented(string Text);

/// <summary>A second person agreed with it as it stood.</summary>
internal sealed record ProposalApproved(string By);

/// <summary>Somebody disagreed; it ended.</summary>
internal sealed record ProposalRejected(string By);

/// <summary>The author took it back.</summary>
internal sealed record ProposalWithdrawn(string By);

/// <summary>It stands on the flags as they are now; what was agreed before fell away.</summary>
internal sealed record ProposalRebased(IReadOnlyList<Footing> StoodOn);

/// <summary>It was made, or written down for its time.</summary>
/// <param name="By">Who merged it.</param>
/// <param name="ApprovedBy">Who had agreed.</param>
/// <param name="FlagVersions">Per flag that changed at once, its version then.</param>
/// <param name="ScheduledChange">The scheduled change that will be made; null when it was made at once.</param>
internal sealed record ProposalMerged(
    string By, IReadOnlyList<string> ApprovedBy, IReadOnlyDictionary<string, long> FlagVersions, string? ScheduledChange = null);

/// <summary>A proposal: the state of the stream <c>proposal:KEY</c>, kept as a document.</summary>
internal sealed record Proposal
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Key { get; init; }
    public required string Title { get; init; }
    public required IReadOnlyList<FlagChange> Changes { get; init; }
    public required IReadOnlyList<Footing> StoodOn { get; init; }
    public DateTimeOffset? At { get; init; }
    public required string Author { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }
    public string? Comment { get; init; }
    public IReadOnlyList<ProposalApproval> Approvals { get; init; } = [];
    public IReadOnlyList<ProposalComment> Comments { get; init; } = [];
    public ProposalState? Ended { get; init; }
    public string? EndedBy { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public string? EndComment { get; init; }
    public string? ScheduledChange { get; init; }
    public int Version { get; set; }

    public ProposalState State => Ended ?? (Approvals.Count > 0 ? ProposalState.Approved : ProposalState.Open);

    public static string Stream(string key) => $"proposal:{key}";

    public static Proposal Create(IEvent<ProposalMade> e) => new()
    {
        Id = Stream(e.Data.Key),
        Key = e.Data.Key,
        Title = e.Data.Title,
        Changes = e.Data.Changes,
        StoodOn = e.Data.StoodOn,
        At = e.Data.At,
        Author = e.UserName ?? "",
        ProposedAt = e.Timestamp,
        Comment = e.Comment(),
        Version = (int)e.Version,
    };

    public Proposal Apply(IEvent<ProposalCommented> e) =>
        this with { Comments = [.. Comments, new ProposalComment(e.UserName ?? "", e.Timestamp, e.Data.Text)], Version = (int)e.Version };

    public Proposal Apply(IEvent<ProposalApproved> e) =>
        this with { Approvals = [.. Approvals, new ProposalApproval(e.Data.By, e.Timestamp, e.Comment())], Version = (int)e.Version };

    public Proposal Apply(IEvent<ProposalRebased> e) => this with { StoodOn = e.Data.StoodOn, Approvals = [], Version = (int)e.Version };

    public Proposal Apply(IEvent<ProposalRejected> e) => End(e, ProposalState.Rejected, e.Data.By);

    public Proposal Apply(IEvent<ProposalWithdrawn> e) => End(e, ProposalState.Withdrawn, e.Data.By);

    public Proposal Apply(IEvent<ProposalMerged> e) => End(e, ProposalState.Merged, e.Data.By) with { ScheduledChange = e.Data.ScheduledChange };

    public bool Touches(string? flag, string? environment) =>
        Changes.Any(change => (flag is null || change.Flag == flag) && (environment is null || change.In is null || change.In == environment));

    private Proposal End(IEvent e, ProposalState state, string by) =>
        this with { Ended = state, EndedBy = by, EndedAt = e.Timestamp, EndComment = e.Comment(), Version = (int)e.Version };
}
