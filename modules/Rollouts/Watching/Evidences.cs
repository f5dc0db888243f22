using Delivery.Contracts.Rollouts;
using Delivery.Statistics;

namespace Delivery.Rollouts;

/// <summary>Puts a look into the numbers that go with a decision.</summary>
internal static class Evidences
{
    private const double LargestEValue = 1e300;

    public static Evidence Breaker(Rollout rollout, Assessment assessment, DateTimeOffset now)
    {
        var counted = assessment.Tallies.Where(t => t.Stage.HasControl).ToList();
        var first = assessment.Health.FirstBadExposureAt;
        var threshold = 1 / rollout.Plan.Breaker.Alpha;
        return new Evidence(
            Sentences.BreakerRule(rollout.Plan.Breaker),
            "errors",
            Arm.Evidence(Arm.Sum(counted.Select(t => t.Released))),
            Arm.Evidence(Arm.Sum(counted.Select(t => t.Control))),
            EValue(assessment.Breaker),
            threshold,
            Estimate: null,
            Lower: null,
            Upper: null,
            Unit: null,
            first,
            first is { } at ? Math.Max(0, (now - at).TotalSeconds) : null,
            assessment.Health.CompleteUpTo);
    }

    public static Evidence Guardrail(GuardrailLook look, Assessment assessment)
    {
        var numbers = look.Verdict switch
        {
            GuardrailVerdict.Worse v => v.Evidence,
            GuardrailVerdict.NotWorse v => v.Evidence,
            GuardrailVerdict.Undecided v => v.Evidence,
            GuardrailVerdict.NoData => null,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        var (scale, unit) = Scale(look.Guardrail);
        var difference = numbers is null ? (double?)null : numbers.Canary.Value - numbers.Stable.Value;
        if (numbers is not null && look.Guardrail.MarginPercent is not null)
            difference = numbers.Stable.Value == 0 ? null : difference / numbers.Stable.Value;
        if (look.Guardrail.Metric is GuardrailMetric.Conversion)
            difference = -difference;
        return new Evidence(
            Sentences.GuardrailRule(look.Guardrail),
            look.Guardrail.Metric.Word,
            Arm.Evidence(assessment.Present.Released),
            Arm.Evidence(assessment.Present.Control),
            EValue: null,
            Threshold: look.Guardrail.MarginMilliseconds ?? look.Guardrail.MarginPercent ?? look.Guardrail.MarginPoints,
            difference * scale,
            numbers?.Harm.Lower * scale,
            numbers?.Harm.Upper * scale,
            unit,
            FirstBadExposureAt: null,
            SecondsToDecision: null,
            assessment.Health.CompleteUpTo);
    }

    public static GateEvidence Gate(Rollout rollout, Assessment assessment) => new(
        assessment.SecondsInStage,
        assessment.Present.Released.Exposures,
        rollout.Plan.Breaker.Enabled ? EValue(assessment.Breaker) : null,
        rollout.Plan.Breaker.Enabled ? 1 / rollout.Plan.Breaker.Alpha : null,
        assessment.Breaker.Stages,
        assessment.Guardrails.Select(g => Guardrail(g, assessment)).ToList(),
        assessment.Health.CompleteUpTo);

    private static double EValue(BreakerLook look) => Math.Min(LargestEValue, Math.Exp(look.LogEValue));

    /// <summary>From the statistics' seconds and fractions to what people read.</summary>
    private static (double Scale, string Unit) Scale(Guardrail guardrail) =>
        guardrail.MarginMilliseconds is not null ? (1_000, "ms")
        : guardrail.MarginPoints is not null ? (100, "points")
        : (100, "%");
}
