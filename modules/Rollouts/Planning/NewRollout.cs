using Delivery.Evaluation;

namespace Delivery.Rollouts;

/// <summary>The body of <c>POST /api/v1/rollouts</c>; what is left out gets a default.</summary>
/// <param name="Key">Names the rollout for ever: lower-case letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</param>
/// <param name="Flag">An existing flag; nothing for a rollout of a route.</param>
/// <param name="Environment">Default <c>production</c>.</param>
/// <param name="Variant">Default: the flag's first variant that is not the off variant.</param>
/// <param name="UnitAttribute">Default <c>targetingKey</c>.</param>
/// <param name="Ring">Without stages: who gets it first, such as the dev team.</param>
/// <param name="Stages">Default: the ring if given, then 1, 5, 25, 50 and 100 %.</param>
/// <param name="Breaker">Default: on.</param>
/// <param name="Guardrails">Default: none.</param>
/// <param name="BlindAfterSeconds">Default 30.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewRollout(
    string Key,
    string Flag = "",
    string Environment = "production",
    string? Variant = null,
    string UnitAttribute = Attributes.TargetingKey,
    Condition? Ring = null,
    IReadOnlyList<NewStage>? Stages = null,
    NewBreaker? Breaker = null,
    IReadOnlyList<NewGuardrail>? Guardrails = null,
    double BlindAfterSeconds = 30,
    string? Comment = null)
{
    /// <summary>The route whose traffic is shifted, instead of a flag.</summary>
    public NewRoute? Route { get; init; }
}

/// <summary>A stage of a new rollout.</summary>
/// <param name="ExposurePercent">0 to 100, up to 4 decimals; more than the stage before.</param>
/// <param name="Name">Default: the percentage, such as <c>5 %</c>.</param>
/// <param name="Ring">Who gets it whatever the percentage, from this stage on.</param>
/// <param name="MinimumSeconds">Default 300.</param>
/// <param name="MinimumExposures">Exposures of the released arm in this stage; default 100.</param>
/// <param name="NeedsApproval">Whether a person must approve before the rollout goes on from this stage.</param>
/// <param name="WaitsForGuardrails">Whether every guardrail must be out of its burn-in before the rollout goes on from this stage.</param>
internal sealed record NewStage(
    decimal ExposurePercent,
    string? Name = null,
    Condition? Ring = null,
    double MinimumSeconds = 300,
    long MinimumExposures = 100,
    bool NeedsApproval = false,
    bool WaitsForGuardrails = false);

/// <summary>The breaker of a new rollout.</summary>
/// <param name="Enabled">Default true.</param>
/// <param name="Alpha">Bound on the chance of a false abort over the whole rollout; default 0.001.</param>
/// <param name="ToleratedRatio">Default 1.5: half as many failing units again.</param>
/// <param name="PriorWeight">Default 10 failures.</param>
/// <param name="StrictSeconds">Default 180 after each stage opened.</param>
/// <param name="StrictToleratedRatio">Default 1: any harm counts.</param>
internal sealed record NewBreaker(
    bool Enabled = true,
    double Alpha = 1e-3,
    double ToleratedRatio = 1.5,
    double PriorWeight = 10,
    double StrictSeconds = 180,
    double StrictToleratedRatio = 1);

/// <summary>A guardrail of a new rollout; at the most one margin. Default: 10 % for latency, 0.5 points for errors, 5 % for conversions.</summary>
/// <param name="Metric"><c>latency-p50</c>, <c>latency-p95</c>, <c>latency-p99</c>, <c>errors</c> or <c>conversion:NAME</c>.</param>
/// <param name="MarginPercent">Percentage of the control arm's value.</param>
/// <param name="MarginMilliseconds">Milliseconds; latency only.</param>
/// <param name="MarginPoints">Percentage points; errors and conversions only.</param>
/// <param name="Alpha">Bound on the chance of a false stop over the whole rollout; default 0.01.</param>
internal sealed record NewGuardrail(
    string Metric, double? MarginPercent = null, double? MarginMilliseconds = null, double? MarginPoints = null, double Alpha = 0.01);
