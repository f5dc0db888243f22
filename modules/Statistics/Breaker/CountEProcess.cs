namespace Delivery.Statistics;

/// <summary>
/// The severe breaker's evidence: an e-process on error counts, valid at every look, from the first error on.
/// </summary>
/// <remarks>
/// <para>
/// M. Lindon and A. Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022, arXiv:2011.03567, the Bayes
/// factor of a conjugate prior against a point null, for two classes. Given an error, it is the canary's with probability ρ
/// when both arms err alike, and ρr0/(ρr0 + 1 − ρ) when the canary errs r0 times as often. With that value for ρ, K canary
/// errors, M stable errors and the prior Beta(a = kρ, b = k(1 − ρ)):
/// </para>
/// <para>ln E = ln B(a+K, b+M) − ln B(a, b) − K·ln ρ − M·ln(1 − ρ)</para>
/// <para>E⁺ = E · P(Beta(a+K, b+M) &gt; ρ) / P(Beta(a, b) &gt; ρ)</para>
/// <para>
/// E⁺ is the mixture over the part of the prior that lies above ρ, hence a supermartingale whenever the canary errs at most r0
/// times as often: by Ville's inequality P(ever E⁺ ≥ 1/α) ≤ α.
/// </para>
/// <para>
/// Assumptions: errors of the two arms are independent of each other given the traffic; the share is constant during a stage
/// and known. When it changes, start a new stage; the product of the stages is again an e-process.
/// </para>
/// </remarks>
public static class CountEProcess
{
    private const double SmallestShare = 1e-9;

    /// <summary>The one-sided log e-value of one stage.</summary>
    /// <param name="stage">Errors and traffic share of the stage.</param>
    /// <param name="design">Prior and tolerated harm.</param>
    public static StageEvidence Evaluate(StageErrors stage, BreakerDesign design)
    {
        if (Refusal(stage, design) is { } reason) return new StageEvidence.None(reason);

        var stableShare = 1 - stage.TrafficShare;
        var scaled = stage.TrafficShare * design.HarmRatio;
        var whole = scaled + stableShare;
        var process = new BernoulliEProcess(scaled / whole, stableShare / whole, design.PriorConcentration);
        return new StageEvidence.Evidence(process.LogEvidence(stage.CanaryErrors, stage.StableErrors));
    }

    /// <summary>The verdict over all stages so far: log e-values add, one threshold for the whole rollout.</summary>
    /// <param name="stages">Every stage since the rollout began, the running one included. A finished stage keeps its last counts.</param>
    /// <param name="design">The same for all stages.</param>
    public static BreakerVerdict Decide(IReadOnlyList<StageErrors> stages, BreakerDesign design)
    {
        if (stages.Count == 0) return new BreakerVerdict.Blind(NoEvidenceReason.NoStage);
        var logE = 0.0;
        foreach (var stage in stages)
        {
            switch (Evaluate(stage, design))
            {
                case StageEvidence.Evidence evidence:
                    logE += evidence.LogEValue;
                    break;
                case StageEvidence.None none:
                    return new BreakerVerdict.Blind(none.Reason);
            }
        }

        return logE >= design.LogThreshold
            ? new BreakerVerdict.Abort(logE, design.LogThreshold)
            : new BreakerVerdict.Continue(logE, design.LogThreshold);
    }

    private static NoEvidenceReason? Refusal(StageErrors stage, BreakerDesign design)
    {
        if (design.Alpha is not (> 0 and < 1)
            || design.HarmRatio is not (>= 1 and <= 1e6)
            || design.PriorConcentration is not (> 0 and <= 1e9)) return NoEvidenceReason.InvalidDesign;
        if (stage.CanaryErrors < 0 || stage.StableErrors < 0) return NoEvidenceReason.NegativeCount;
        return stage.TrafficShare is >= SmallestShare and <= 1 - SmallestShare ? null : NoEvidenceReason.ShareWithoutComparison;
    }
}
