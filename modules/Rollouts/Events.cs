using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>A release was planned; nobody is exposed yet.</summary>
internal sealed record RolloutPlanned(Plan Plan, string? Owner);

/// <summary>It goes.</summary>
internal sealed record RolloutStarted(string Key);

/// <summary>A stage began: from now on the flag is to show its exposure.</summary>
/// <param name="Because">What the gate of the stage before was opened on; null for the first stage.</param>
internal sealed record StageEntered(string Key, int Stage, string Name, int ExposurePpm, GateEvidence? Because);

/// <summary>The flag shows the stage since its version <paramref name="FlagVersion"/>.</summary>
internal sealed record StageOpened(string Key, int Stage, long FlagVersion);

/// <summary>A person told it to hold; the breaker watches on.</summary>
internal sealed record RolloutPaused(string Key);

/// <summary>A person told it to go on.</summary>
internal sealed record RolloutResumed(string Key);

/// <summary>A stage has met its gate but for a person's approval.</summary>
internal sealed record ApprovalAsked(string Key, int Stage, string Name, GateEvidence Because);

/// <summary>A person approved that it goes on from a stage.</summary>
internal sealed record StageApproved(string Key, int Stage, string Name);

/// <summary>There is no data to decide on: it holds.</summary>
internal sealed record RolloutHeld(
    string Key, string Reason, DateTimeOffset? LastExposureAt, DateTimeOffset? LastEventAt, DateTimeOffset? CompleteUpTo);

/// <summary>Data is there again.</summary>
internal sealed record RolloutSawAgain(string Key, DateTimeOffset? LastExposureAt, DateTimeOffset? LastEventAt, DateTimeOffset? CompleteUpTo);

/// <summary>Stopped, for ever.</summary>
/// <param name="By">Who: a person, <c>breaker</c>, <c>guardrail</c> or <c>conductor</c>.</param>
/// <param name="Stages">The counts that the evidence was computed from, stage by stage.</param>
internal sealed record RolloutAborted(
    string Key, AbortCause Cause, string By, string Reason, Evidence? Evidence, IReadOnlyList<StageCounts> Stages);

/// <summary>The flag shows the release no more.</summary>
/// <param name="FlagVersion">Since this version; null when the flag itself is gone.</param>
internal sealed record RolloutClosed(string Key, long? FlagVersion);

/// <summary>The last stage met its gate.</summary>
internal sealed record RolloutCompleted(string Key, GateEvidence Because);

/// <summary>What a gate was judged by.</summary>
/// <param name="SecondsOpen">How long the stage was open.</param>
/// <param name="Exposures">Exposures of the released arm in the stage.</param>
/// <param name="EValue">The breaker's e-value; null when the breaker is off.</param>
/// <param name="Threshold">What it would have aborted at.</param>
/// <param name="Stages">The counts, stage by stage.</param>
/// <param name="Guardrails">The guardrails' looks.</param>
/// <param name="CompleteUpTo">Everything committed before this moment was counted.</param>
internal sealed record GateEvidence(
    double SecondsOpen,
    long Exposures,
    double? EValue,
    double? Threshold,
    IReadOnlyList<StageCounts> Stages,
    IReadOnlyList<Evidence> Guardrails,
    DateTimeOffset CompleteUpTo);

/// <summary>One stage's inputs to the breaker.</summary>
/// <param name="Stage">The stage's index.</param>
/// <param name="Name">The stage's name.</param>
/// <param name="ReleasedUnits">Exposed units of the released arm.</param>
/// <param name="ReleasedFailingUnits">Those that failed at least once.</param>
/// <param name="ControlUnits">Exposed units of the control arm.</param>
/// <param name="ControlFailingUnits">Those that failed at least once.</param>
/// <param name="LogEValue">Natural logarithm of the stage's e-value at the tolerated ratio; null when there is nothing to compare.</param>
/// <param name="StrictLogEValue">The same at the strict ratio, while the stage is in its strict time.</param>
internal sealed record StageCounts(
    int Stage,
    string Name,
    long ReleasedUnits,
    long ReleasedFailingUnits,
    long ControlUnits,
    long ControlFailingUnits,
    double? LogEValue,
    double? StrictLogEValue);
