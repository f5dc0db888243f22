using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Mediator;

namespace Delivery.Contracts.Rollouts;

/// <summary>Asks for the releases of an environment (all when null), newest first.</summary>
public sealed record ListReleases(string? Environment = null) : IQuery<IReadOnlyList<ReleaseView>>;

/// <summary>Asks for one release; null when there is none.</summary>
public sealed record FindRelease(string Rollout) : IQuery<ReleaseView?>;

/// <summary>Where a rollout stands.</summary>
public enum RolloutStatus
{
    /// <summary>Planned, not started.</summary>
    Draft = 1,

    /// <summary>Going through its stages by itself.</summary>
    Running = 2,

    /// <summary>At a gate that asks for a person, or blind.</summary>
    Waiting = 3,

    /// <summary>A person told it to hold.</summary>
    Paused = 4,

    /// <summary>Stopped: nobody is exposed by it any more.</summary>
    Aborted = 5,

    /// <summary>Through its last stage.</summary>
    Completed = 6,
}

/// <summary>A release as people and programs see it: the item of <c>GET /api/v1/rollouts</c>, and the console's line.</summary>
/// <param name="Key">The rollout's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Variant">The released variant.</param>
/// <param name="Owner">The team that built it.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Stage">The present stage's name, or null before the start.</param>
/// <param name="StageIndex">The present stage's index, from 0; -1 before the start.</param>
/// <param name="Stages">All stages of the plan.</param>
/// <param name="ExposurePercent">The percentage exposed now; 0 when aborted.</param>
/// <param name="Reason">Why it stands where it stands, in one sentence with the numbers.</param>
/// <param name="Health">How it is going.</param>
/// <param name="Released">The released arm over the whole rollout, or null before any data.</param>
/// <param name="Control">The control arm, or null before any data.</param>
/// <param name="Breaker">The breaker's last look.</param>
/// <param name="Guardrails">The guardrails' last looks.</param>
/// <param name="Abort">What stopped it, or null.</param>
/// <param name="CreatedAt">When it was planned.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="StageEnteredAt">When the present stage began.</param>
/// <param name="EndedAt">When it was aborted or completed.</param>
/// <param name="Version">The stream version.</param>
public sealed record ReleaseView(
    string Key,
    string Flag,
    string Environment,
    string Variant,
    string? Owner,
    RolloutStatus Status,
    string? Stage,
    int StageIndex,
    IReadOnlyList<StageView> Stages,
    double ExposurePercent,
    string Reason,
    ReleaseHealthWord Health,
    ArmEvidence? Released,
    ArmEvidence? Control,
    Evidence? Breaker,
    IReadOnlyList<Evidence> Guardrails,
    AbortView? Abort,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? StageEnteredAt,
    DateTimeOffset? EndedAt,
    long Version)
{
    /// <summary>How the metric source stands that the numbers of a live rollout come from; null when they are the platform's own.</summary>
    public SourceStanding? Source { get; init; }
}

/// <summary>A stage of the plan.</summary>
public sealed record StageView(string Name, double ExposurePercent, bool HasRing, bool NeedsApproval);

/// <summary>What stopped a release.</summary>
public sealed record AbortView(AbortCause Cause, string By, string Reason, Evidence? Evidence, DateTimeOffset At);

/// <summary>The state words of the console.</summary>
public enum ReleaseHealthWord
{
    /// <summary>Not started.</summary>
    Unknown = 0,

    /// <summary>Data flows and nothing got worse.</summary>
    Healthy = 1,

    /// <summary>Data flows, not enough of it to say.</summary>
    Undecided = 2,

    /// <summary>Something got worse.</summary>
    Degraded = 3,

    /// <summary>No data.</summary>
    Blind = 4,

    /// <summary>Aborted.</summary>
    Killed = 5,
}

/// <summary>One look of a release's breaker, kept in memory for the console's picture.</summary>
public sealed record Look(DateTimeOffset At, double LogEValue, double LogThreshold, long ReleasedErrors, long ControlErrors);

/// <summary>Asks for the recent looks of a release's breaker (at the most an hour), oldest first.</summary>
public sealed record ListLooks(string Rollout) : IQuery<IReadOnlyList<Look>>;

/// <summary>Stops a rollout now; everyone goes back to what they would get without it. Repeating it changes nothing.</summary>
public sealed record AbortRollout(Audit Audit, string Rollout, string? Reason) : Command(Audit)
{
    /// <inheritdoc/>
    public override bool HoldsWhateverChanged => true;
}
