namespace Delivery.Statistics;

/// <summary>How much harm a ramp may do before anyone knows, and how fast it may grow.</summary>
/// <param name="Kappa">κ: share of the remaining budget that one step may risk; in (0, 1].</param>
/// <param name="LargestFactor">Largest growth of the exposure in a step; greater than 1.</param>
/// <param name="SmallestHarm">ε: floor of the harm bound per unit, in the metric's unit; greater than 0.</param>
/// <param name="HoldAtWidestSplit">How long the widest test split is held when success metrics decide.</param>
public sealed record RampPolicy(double Kappa, double LargestFactor, double SmallestHarm, TimeSpan HoldAtWidestSplit)
{
    /// <summary>κ = 1/8, at most × 5 a step, seven days at the widest split.</summary>
    public static RampPolicy Default { get; } = new(1.0 / 8, 5, 1e-6, TimeSpan.FromDays(7));
}

/// <summary>A guardrail's say in a ramp.</summary>
/// <param name="Key">Metric.</param>
/// <param name="Budget">B: total harm that may be done, in the metric's unit summed over units (failed orders, lost revenue); greater than 0.</param>
/// <param name="HarmUpperBound">
/// U: always-valid upper bound of the harm per exposed unit, such as <see cref="GuardrailEvidence.Harm"/>'s upper end; null while unknown.
/// </param>
/// <param name="Fresh">False when the data are stale.</param>
/// <param name="BurntIn">False during the burn-in.</param>
public sealed record GuardrailBudget(string Key, double Budget, double? HarmUpperBound, bool Fresh, bool BurntIn);

/// <summary>Where a ramp stands.</summary>
/// <param name="ExposedUnits">Units now exposed per step, greater than 0.</param>
/// <param name="SrmPassed">No sample ratio mismatch.</param>
/// <param name="TrafficAsPlanned">The router serves the share that was asked for.</param>
/// <param name="SuccessMetricsDecide">A success metric decides about the treatment.</param>
/// <param name="AtWidestSplit">The test split is as wide as it gets (50/50).</param>
/// <param name="HeldFor">Time at the current split.</param>
public sealed record RampState(
    double ExposedUnits, bool SrmPassed, bool TrafficAsPlanned, bool SuccessMetricsDecide, bool AtWidestSplit, TimeSpan HeldFor);

/// <summary>Why a ramp holds.</summary>
public enum HoldReason
{
    /// <summary>The split is not as intended.</summary>
    SampleRatioMismatch,

    /// <summary>The router serves another share than planned.</summary>
    WrongTraffic,

    /// <summary>A guardrail's data are stale.</summary>
    StaleData,

    /// <summary>A guardrail is in its burn-in or has no bound yet.</summary>
    BurnIn,

    /// <summary>The harm that is still possible leaves no room to grow.</summary>
    BudgetExhausted,

    /// <summary>Success metrics need their time at the widest split.</summary>
    TestSplitHold,

    /// <summary>No guardrail watches this ramp: an automatic step would be blind.</summary>
    NoGuardrail,

    /// <summary>A budget, the policy or the state is out of range.</summary>
    InvalidDesign,
}

/// <summary>The next step of an automatic ramp. Recorded with its inputs.</summary>
public abstract record RampStep
{
    private RampStep()
    {
    }

    /// <summary>Expose more.</summary>
    /// <param name="ExposedUnits">n_next.</param>
    /// <param name="LimitedBy">Key of the guardrail that set the limit; null when the largest factor did.</param>
    public sealed record Raise(double ExposedUnits, string? LimitedBy) : RampStep;

    /// <summary>Stay.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Key">The guardrail concerned, if one.</param>
    public sealed record Hold(HoldReason Reason, string? Key) : RampStep;
}

/// <summary>Automatic ramps by risk budget.</summary>
/// <remarks>
/// n_next = min over guardrails of κ·B/max(U, ε), at most LargestFactor times the present. Since U is valid at all looks, the expected harm
/// of a step is at most κ·B with probability 1 − α. The trade of speed, quality and
/// risk: Y. Xu, W. Duan, S. Huang, "SQR: Balancing Speed, Quality and Risk in Online Experiments", KDD 2018, arXiv:1801.08532. The bound is ours.
/// </remarks>
public static class RiskBudgetRamp
{
    /// <summary>Decides the next step.</summary>
    public static RampStep Next(RampState state, IReadOnlyList<GuardrailBudget> guardrails, RampPolicy policy)
    {
        if (!IsValid(state, guardrails, policy)) return new RampStep.Hold(HoldReason.InvalidDesign, null);
        if (!state.SrmPassed) return new RampStep.Hold(HoldReason.SampleRatioMismatch, null);
        if (!state.TrafficAsPlanned) return new RampStep.Hold(HoldReason.WrongTraffic, null);
        if (guardrails.Count == 0) return new RampStep.Hold(HoldReason.NoGuardrail, null);
        foreach (var guardrail in guardrails)
        {
            if (!guardrail.Fresh) return new RampStep.Hold(HoldReason.StaleData, guardrail.Key);
            if (!guardrail.BurntIn || guardrail.HarmUpperBound is null) return new RampStep.Hold(HoldReason.BurnIn, guardrail.Key);
        }

        if (state is { SuccessMetricsDecide: true, AtWidestSplit: true } && state.HeldFor < policy.HoldAtWidestSplit)
            return new RampStep.Hold(HoldReason.TestSplitHold, null);

        var tightest = guardrails.MinBy(g => Allowed(g, policy))!;
        var next = Math.Min(Allowed(tightest, policy), policy.LargestFactor * state.ExposedUnits);
        if (next <= state.ExposedUnits) return new RampStep.Hold(HoldReason.BudgetExhausted, tightest.Key);
        return new RampStep.Raise(next, next < policy.LargestFactor * state.ExposedUnits ? tightest.Key : null);
    }

    private static double Allowed(GuardrailBudget guardrail, RampPolicy policy) =>
        policy.Kappa * guardrail.Budget / Math.Max(guardrail.HarmUpperBound!.Value, policy.SmallestHarm);

    private static bool IsValid(RampState state, IReadOnlyList<GuardrailBudget> guardrails, RampPolicy policy) =>
        state.ExposedUnits > 0 && double.IsFinite(state.ExposedUnits)
        && policy.Kappa is > 0 and <= 1 && policy.LargestFactor > 1 && double.IsFinite(policy.LargestFactor) && policy.SmallestHarm > 0
        && guardrails.All(g => g.Budget > 0 && double.IsFinite(g.Budget) && (g.HarmUpperBound is not { } u || double.IsFinite(u)));
}
