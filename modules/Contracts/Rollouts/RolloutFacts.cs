namespace Delivery.Contracts.Rollouts;

/// <summary>A rollout went to a new stage; published after commit.</summary>
public sealed record StageEntered(string Rollout, string Flag, string Environment, int Stage, string StageName, int ExposurePpm);

/// <summary>A rollout was stopped: by the breaker, a guardrail or a person. Published after commit.</summary>
/// <param name="Rollout">The rollout's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Owner">The team that built it, or null.</param>
/// <param name="Cause">What stopped it.</param>
/// <param name="Reason">A sentence for people, with the numbers.</param>
/// <param name="Evidence">What was looked at; null when a person stopped it.</param>
/// <param name="At">When.</param>
public sealed record RolloutAborted(
    string Rollout, string Flag, string Environment, string? Owner, AbortCause Cause, string Reason, Evidence? Evidence, DateTimeOffset At)
{
    /// <summary>The conversation the rollout's start began; what follows from the fact belongs to it.</summary>
    public string? Correlation { get; init; }
}

/// <summary>A rollout reached its last stage and held there; published after commit.</summary>
public sealed record RolloutCompleted(string Rollout, string Flag, string Environment, string? Owner, DateTimeOffset At);

/// <summary>A rollout has no data to decide on, so it holds; published once, until it sees again.</summary>
public sealed record RolloutBlind(string Rollout, string Flag, string Environment, string? Owner, string Reason, DateTimeOffset At)
{
    /// <summary>The conversation the rollout's start began; what follows from the fact belongs to it.</summary>
    public string? Correlation { get; init; }
}

/// <summary>A rollout that was blind has data again.</summary>
public sealed record RolloutSeesAgain(string Rollout, string Flag, string Environment, string? Owner, DateTimeOffset At)
{
    /// <summary>The conversation the rollout's start began; what follows from the fact belongs to it.</summary>
    public string? Correlation { get; init; }
}

/// <summary>What stopped a rollout.</summary>
public enum AbortCause
{
    /// <summary>The circuit breaker: severe degradation.</summary>
    Breaker = 1,

    /// <summary>A guardrail metric got worse by more than its margin.</summary>
    Guardrail = 2,

    /// <summary>A person.</summary>
    Person = 3,

    /// <summary>The flag was killed, archived or changed so that the release is no longer there.</summary>
    FlagGone = 4,
}

/// <summary>What a decision looked at, in numbers that can be re-derived from the ledger and the metric events.</summary>
/// <param name="Rule">The rule in one sentence, such as <c>abort when the e-value reaches 1,000</c>.</param>
/// <param name="Metric">What was compared: <c>errors</c>, <c>latency-p95</c>, ...</param>
/// <param name="Released">The released arm, summed over the stages that count.</param>
/// <param name="Control">The control arm.</param>
/// <param name="EValue">The e-value, where the rule uses one; capped at 1e300.</param>
/// <param name="Threshold">What the e-value, or the interval's bound, is compared with.</param>
/// <param name="Estimate">The estimated difference or ratio, in the metric's unit, where there is one.</param>
/// <param name="Lower">The lower bound of its always-valid interval.</param>
/// <param name="Upper">The upper bound.</param>
/// <param name="Unit">The unit of estimate and bounds: <c>ms</c>, <c>ratio</c>, ...</param>
/// <param name="FirstBadExposureAt">When the released arm first failed.</param>
/// <param name="SecondsToDecision">From the first bad exposure to the decision, in seconds.</param>
/// <param name="CompleteUpTo">Everything committed before this moment was counted.</param>
public sealed record Evidence(
    string Rule,
    string Metric,
    ArmEvidence Released,
    ArmEvidence Control,
    double? EValue,
    double? Threshold,
    double? Estimate,
    double? Lower,
    double? Upper,
    string? Unit,
    DateTimeOffset? FirstBadExposureAt,
    double? SecondsToDecision,
    DateTimeOffset CompleteUpTo);

/// <summary>One arm in numbers.</summary>
public sealed record ArmEvidence(long Exposures, long Units, long Requests, long Errors, long FailingUnits, double? P50Milliseconds, double? P95Milliseconds);
