using Delivery.Contracts.Rollouts;
using JasperFx.Events;

namespace Delivery.Rollouts;

/// <summary>A rollout as its events tell it.</summary>
internal sealed record Rollout
{
    /// <summary>The stream's key, <c>rollout:KEY</c>.</summary>
    public required string Id { get; init; }

    public required Plan Plan { get; init; }
    public string? Owner { get; init; }
    public DateTimeOffset PlannedAt { get; init; }

    /// <summary>Who planned it; null where an older record does not say.</summary>
    public string? PlannedBy { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The conversation that the start began; what the platform decides later belongs to it.</summary>
    public string? Correlation { get; init; }

    /// <summary>The present stage's index; -1 before the start.</summary>
    public int Stage { get; init; } = -1;

    public DateTimeOffset? StageEnteredAt { get; init; }

    /// <summary>When the flag first showed the present stage; null until it does.</summary>
    public DateTimeOffset? StageOpenedAt { get; init; }

    /// <summary>Per stage that was opened, in order, the flag version that showed it first.</summary>
    public IReadOnlyList<long> OpenedVersions { get; init; } = [];

    /// <summary>When each of <see cref="OpenedVersions"/> was noted; shorter in records from before it was kept.</summary>
    public IReadOnlyList<DateTimeOffset> OpenedAt { get; init; } = [];

    public bool Paused { get; init; }

    /// <summary>Why it holds without data; null when it sees.</summary>
    public string? Blind { get; init; }

    /// <summary>Since when it sees or is looked at anew: a rollout is never blind before it could have seen.</summary>
    public DateTimeOffset? SeesSince { get; init; }

    public bool ApprovalAsked { get; init; }
    public bool Approved { get; init; }
    public AbortView? Abort { get; init; }
    public GateEvidence? LastGate { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public bool Closed { get; init; }
    public long? ClosedVersion { get; init; }
    public Guid LastEvent { get; init; }
    public int Version { get; set; }

    /// <summary>Not ended: somebody or something will still decide on it.</summary>
    public bool Live { get; init; } = true;

    /// <summary>The conductor has something to do or to watch.</summary>
    public bool Watched { get; init; }

    public string Key => Plan.Key;
    public Stage? Present => Stage < 0 ? null : Plan.Stages[Stage];
    public bool IsOpen => OpenedVersions.Count > Stage && Stage >= 0;

    public RolloutStatus Status =>
        Abort is not null ? RolloutStatus.Aborted
        : CompletedAt is not null ? RolloutStatus.Completed
        : StartedAt is null ? RolloutStatus.Draft
        : Paused ? RolloutStatus.Paused
        : Blind is not null || (ApprovalAsked && !Approved) ? RolloutStatus.Waiting
        : RolloutStatus.Running;

    public static string Stream(string key) => $"rollout:{key}";

    public static Rollout Create(IEvent<RolloutPlanned> e) => new()
    {
        Id = Stream(e.Data.Plan.Key),
        Plan = e.Data.Plan,
        Owner = e.Data.Owner,
        PlannedAt = e.Timestamp,
        PlannedBy = e.UserName,
        LastEvent = e.Id,
    };

    public Rollout Apply(IEvent<RolloutStarted> e) =>
        this with { StartedAt = e.Timestamp, Correlation = e.CorrelationId, Watched = true, LastEvent = e.Id };

    public Rollout Apply(IEvent<StageEntered> e) => this with
    {
        Stage = e.Data.Stage,
        StageEnteredAt = e.Timestamp,
        StageOpenedAt = null,
        ApprovalAsked = false,
        Approved = false,
        LastGate = e.Data.Because ?? LastGate,
        LastEvent = e.Id,
    };

    public Rollout Apply(IEvent<StageOpened> e) => this with
    {
        StageOpenedAt = e.Timestamp,
        SeesSince = e.Timestamp,
        OpenedVersions = [.. OpenedVersions.Take(e.Data.Stage), e.Data.FlagVersion],
        OpenedAt = [.. OpenedAt.Take(e.Data.Stage), e.Timestamp],
        LastEvent = e.Id,
    };

    public Rollout Apply(IEvent<RolloutPaused> e) => this with { Paused = true, LastEvent = e.Id };

    public Rollout Apply(IEvent<RolloutResumed> e) => this with { Paused = false, LastEvent = e.Id };

    public Rollout Apply(IEvent<ApprovalAsked> e) => this with { ApprovalAsked = true, LastEvent = e.Id };

    public Rollout Apply(IEvent<StageApproved> e) => this with { Approved = true, LastEvent = e.Id };

    public Rollout Apply(IEvent<RolloutHeld> e) => this with { Blind = e.Data.Reason, LastEvent = e.Id };

    public Rollout Apply(IEvent<RolloutSawAgain> e) => this with { Blind = null, SeesSince = e.Timestamp, LastEvent = e.Id };

    public Rollout Apply(IEvent<RolloutAborted> e) => this with
    {
        Abort = new AbortView(e.Data.Cause, e.Data.By, e.Data.Reason, e.Data.Evidence, e.Timestamp),
        Live = false,
        Watched = StartedAt is not null && !Closed,
        LastEvent = e.Id,
    };

    public Rollout Apply(IEvent<RolloutClosed> e) =>
        this with { Closed = true, ClosedVersion = e.Data.FlagVersion, Watched = false, LastEvent = e.Id };

    public Rollout Apply(IEvent<RolloutCompleted> e) =>
        this with { CompletedAt = e.Timestamp, LastGate = e.Data.Because, Live = false, Watched = false, LastEvent = e.Id };
}
