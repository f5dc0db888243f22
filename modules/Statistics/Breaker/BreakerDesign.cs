namespace Delivery.Statistics;

/// <summary>How strong the evidence of harm must be, and how much harm is tolerated, before the severe breaker aborts.</summary>
/// <param name="Alpha">
/// Bound on the chance that a healthy rollout is ever aborted, over all looks of its whole life; in (0, 1).
/// Two breakers on one rollout (for example a stricter one for the first three minutes) each spend their own share: the bounds add.
/// </param>
/// <param name="HarmRatio">
/// r0: the canary's error rate may be up to r0 times the stable one. At least 1; 1.5 tolerates half as many errors again.
/// </param>
/// <param name="PriorConcentration">k: weight of the Beta prior, in errors; greater than 0. Small values react sooner to gross harm.</param>
public sealed record BreakerDesign(double Alpha = 1e-3, double HarmRatio = 1.5, double PriorConcentration = 10)
{
    /// <summary>
    /// For the first three minutes of a rollout: any harm counts (r0 = 1). At 100 requests a second, a 10 % canary, a base rate of
    /// 1 % and 20 times the errors, the median time to abort is 4 s; with r0 = 1.5 it is 5 s. Run beside the default design, the
    /// chance of a false abort is at most the sum of both α.
    /// </summary>
    public static BreakerDesign Early { get; } = new(HarmRatio: 1);

    /// <summary>The log e-value at which the breaker aborts: ln(1/α).</summary>
    public double LogThreshold => -Math.Log(Alpha);
}

/// <summary>The errors of one stage of a rollout, during which the traffic share did not change.</summary>
/// <param name="CanaryErrors">K: errors of the canary since the stage began.</param>
/// <param name="StableErrors">M: errors of the stable version over the same time.</param>
/// <param name="TrafficShare">ρ: the canary's share of the requests of both, in (0, 1), counted in the ledger and not taken from the plan.</param>
public sealed record StageErrors(long CanaryErrors, long StableErrors, double TrafficShare);

/// <summary>Why counts give no evidence.</summary>
public enum NoEvidenceReason
{
    /// <summary>A count is negative.</summary>
    NegativeCount,

    /// <summary>The traffic share is not in [1e-9, 1 − 1e-9]: one of the two arms has no traffic, so nothing can be compared.</summary>
    ShareWithoutComparison,

    /// <summary>The design is out of range: α not in (0, 1), r0 below 1 or k not positive.</summary>
    InvalidDesign,

    /// <summary>No stage was given.</summary>
    NoStage,
}

/// <summary>What the counts of one stage say.</summary>
public abstract record StageEvidence
{
    private StageEvidence()
    {
    }

    /// <summary>Evidence of harm.</summary>
    /// <param name="LogEValue">Natural logarithm of the one-sided e-value E⁺. 0 says nothing; ln 1000 ≈ 6.9 is a 1 in 1000 event under health.</param>
    public sealed record Evidence(double LogEValue) : StageEvidence;

    /// <summary>The counts can't be judged.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record None(NoEvidenceReason Reason) : StageEvidence;
}

/// <summary>What the severe breaker decides.</summary>
public abstract record BreakerVerdict
{
    private BreakerVerdict()
    {
    }

    /// <summary>The evidence of harm has reached 1/α.</summary>
    /// <param name="LogEValue">Sum over the stages.</param>
    /// <param name="LogThreshold">ln(1/α).</param>
    public sealed record Abort(double LogEValue, double LogThreshold) : BreakerVerdict;

    /// <summary>The evidence is below 1/α. This is not a proof of health.</summary>
    /// <param name="LogEValue">Sum over the stages.</param>
    /// <param name="LogThreshold">ln(1/α).</param>
    public sealed record Continue(double LogEValue, double LogThreshold) : BreakerVerdict;

    /// <summary>Nothing can be compared. A blind breaker holds the ramp and tells the owner.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Blind(NoEvidenceReason Reason) : BreakerVerdict;
}
