namespace Delivery.Statistics;

/// <summary>Which way a metric gets worse.</summary>
public enum HarmDirection
{
    /// <summary>More is worse: errors, latency.</summary>
    HigherIsWorse,

    /// <summary>Less is worse: conversion, revenue.</summary>
    LowerIsWorse,
}

/// <summary>How much worse the canary may be.</summary>
public abstract record Margin
{
    private Margin()
    {
    }

    /// <summary>In the metric's own unit.</summary>
    /// <param name="Amount">At least 0.</param>
    public sealed record Absolute(double Amount) : Margin;

    /// <summary>As a share of the stable arm's value.</summary>
    /// <param name="Share">At least 0; 0.05 tolerates 5 %.</param>
    public sealed record Relative(double Share) : Margin;

    /// <summary>The margin as a number, in its own unit.</summary>
    public double Tolerated => this switch
    {
        Absolute a => a.Amount,
        Relative r => r.Share,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>A non-inferiority guardrail on a mean, proportion or ratio, looked at continuously.</summary>
/// <param name="Direction">Which way is worse.</param>
/// <param name="Margin">The registered margin.</param>
/// <param name="Alpha">
/// Chance, over all looks together, of "worse" when the harm is within the margin; the same for "not worse" when it is beyond. In (0, 0.5).
/// </param>
/// <param name="PlannedUnits">N*: units of both arms at which the answer should come; tunes the width, not the validity.</param>
public sealed record GuardrailDesign(HarmDirection Direction, Margin Margin, double Alpha = 0.05, double PlannedUnits = 5000);

/// <summary>One arm as the guardrail sees it.</summary>
/// <param name="Value">Estimate in the metric's unit.</param>
/// <param name="Interval">Its own time-uniform interval at level 1 − α, for display.</param>
public sealed record ArmReading(double Value, Interval Interval);

/// <summary>The numbers behind a guardrail's verdict.</summary>
/// <param name="Stable">The baseline arm.</param>
/// <param name="Canary">The arm on trial.</param>
/// <param name="Harm">
/// How much worse the canary is (positive is worse), in the margin's unit. Each end is a one-sided bound at level 1 − α; the verdict
/// is read off it.
/// </param>
/// <param name="Tolerated">The margin, same unit.</param>
public sealed record GuardrailEvidence(ArmReading Stable, ArmReading Canary, Interval Harm, double Tolerated);

/// <summary>What a guardrail says.</summary>
public abstract record GuardrailVerdict
{
    private GuardrailVerdict()
    {
    }

    /// <summary>The canary is worse by more than the margin.</summary>
    /// <param name="Evidence">The numbers.</param>
    public sealed record Worse(GuardrailEvidence Evidence) : GuardrailVerdict;

    /// <summary>Non-inferior: the canary is not worse by more than the margin.</summary>
    /// <param name="Evidence">The numbers.</param>
    public sealed record NotWorse(GuardrailEvidence Evidence) : GuardrailVerdict;

    /// <summary>Both are still possible.</summary>
    /// <param name="Evidence">The numbers.</param>
    public sealed record Undecided(GuardrailEvidence Evidence) : GuardrailVerdict;

    /// <summary>Nothing can be said. Not healthy, not harmful: blind.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NoData(NoEstimateReason Reason) : GuardrailVerdict;

    internal static GuardrailVerdict Read(GuardrailEvidence evidence)
    {
        if (evidence.Harm.Lower > evidence.Tolerated) return new Worse(evidence);
        return evidence.Harm.Upper <= evidence.Tolerated ? new NotWorse(evidence) : new Undecided(evidence);
    }
}
