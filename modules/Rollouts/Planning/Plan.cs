using Delivery.Evaluation;

namespace Delivery.Rollouts;

/// <summary>What a rollout will do; fixed when it is planned.</summary>
/// <param name="Key">The rollout's key.</param>
/// <param name="Flag">The flag it releases a variant of.</param>
/// <param name="Environment">Where.</param>
/// <param name="Variant">The released variant; every other one is the control arm.</param>
/// <param name="UnitAttribute">The attribute that names the unit.</param>
/// <param name="Stages">The steps; exposure rises from each to the next.</param>
/// <param name="Breaker">When it aborts at once.</param>
/// <param name="Guardrails">What must not get worse.</param>
/// <param name="BlindAfterSeconds">Without data for so long the rollout is blind and holds.</param>
internal sealed record Plan(
    string Key,
    string Flag,
    string Environment,
    string Variant,
    string UnitAttribute,
    IReadOnlyList<Stage> Stages,
    BreakerPlan Breaker,
    IReadOnlyList<Guardrail> Guardrails,
    double BlindAfterSeconds)
{
    /// <summary>The route that is shifted instead of a flag; <see cref="Flag"/> then names it. Null for a flag's rollout.</summary>
    public RouteTarget? Route { get; init; }

    /// <summary>
    /// Who gets the variant in a stage whatever the percentage: everyone in the ring of this stage or of one before. A ring
    /// is kept, so that going on never takes the variant from a unit that had it.
    /// </summary>
    public Condition? RingAt(int stage) => Stages.Take(stage + 1).Select(s => s.Ring).OfType<Condition>().ToList() switch
    {
        [] => null,
        [var one] => one,
        var several => new Condition.Any(several),
    };
}

/// <summary>A step of a rollout.</summary>
/// <param name="Name">Its name, unique in the plan.</param>
/// <param name="ExposurePpm">The exposed part of the population, in parts per million.</param>
/// <param name="Ring">Who gets the variant whatever the percentage; null adds nobody.</param>
/// <param name="MinimumSeconds">How long the stage is open at the least.</param>
/// <param name="MinimumExposures">How many exposures of the released arm it needs at the least.</param>
/// <param name="NeedsApproval">Whether a person must approve before the rollout goes on from here.</param>
/// <param name="WaitsForGuardrails">Whether every guardrail must be out of its burn-in before the rollout goes on from here.</param>
internal sealed record Stage(
    string Name, int ExposurePpm, Condition? Ring, double MinimumSeconds, long MinimumExposures, bool NeedsApproval, bool WaitsForGuardrails)
{
    public const int Everyone = Split.FullExposure;

    public double ExposurePercent => ExposurePpm / 10_000.0;

    /// <summary>Whether anyone is left to compare with.</summary>
    public bool HasControl => ExposurePpm < Everyone;
}

/// <summary>The severe breaker's design; see <see cref="BreakerLook"/> for how the pieces add up.</summary>
/// <param name="Enabled">False: counts are shown, nothing is stopped.</param>
/// <param name="Alpha">Bound on the chance that a release that is no worse is ever stopped.</param>
/// <param name="ToleratedRatio">The released arm's failure rate may be so many times the control arm's.</param>
/// <param name="PriorWeight">Weight of the prior, in failures.</param>
/// <param name="StrictSeconds">How long each stage is looked at more strictly after it opened; 0 for never.</param>
/// <param name="StrictToleratedRatio">What is tolerated in that time.</param>
internal sealed record BreakerPlan(
    bool Enabled, double Alpha, double ToleratedRatio, double PriorWeight, double StrictSeconds, double StrictToleratedRatio);

/// <summary>A metric that must not get worse by more than a margin. Exactly one margin is set.</summary>
/// <param name="Metric">What is compared.</param>
/// <param name="MarginPercent">Tolerated harm as a percentage of the control arm's value.</param>
/// <param name="MarginMilliseconds">Tolerated harm in milliseconds; latency only.</param>
/// <param name="MarginPoints">Tolerated harm in percentage points; proportions only.</param>
/// <param name="Alpha">Bound on the chance that it ever stops a release within the margin.</param>
internal sealed record Guardrail(GuardrailMetric Metric, double? MarginPercent, double? MarginMilliseconds, double? MarginPoints, double Alpha);
