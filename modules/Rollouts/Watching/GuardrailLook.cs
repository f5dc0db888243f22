using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Rollouts;

/// <summary>One look of a guardrail at the present stage.</summary>
/// <remarks>
/// Each stage is a comparison of its own, with an equal part of the guardrail's α: traffic share and time of day differ
/// between stages, and pooling over them mixes both up (Simpson's paradox). The parts add up to α for the whole rollout.
/// </remarks>
internal sealed record GuardrailLook(Guardrail Guardrail, GuardrailVerdict Verdict)
{
    /// <summary>Observations or units at which the answer should come: tunes the bounds' shape, not their validity.</summary>
    private const double PlannedObservations = 1_000;

    public bool InBurnIn => Verdict is GuardrailVerdict.NoData or GuardrailVerdict.Undecided { Evidence.Harm: { Lower: null, Upper: null } };

    public static IReadOnlyList<GuardrailLook> At(Plan plan, StageTally? tally) => tally is not { Stage.HasControl: true }
        ? []
        : plan.Guardrails.Select(g => new GuardrailLook(g, Judge(g, tally, g.Alpha / Math.Max(1, plan.Stages.Count(s => s.HasControl))))).ToList();

    private static GuardrailVerdict Judge(Guardrail guardrail, StageTally tally, double alpha) => guardrail.Metric switch
    {
        GuardrailMetric.Latency latency => QuantileGuardrail.Judge(
            Histogram(tally.Control), Histogram(tally.Released),
            Design(latency, guardrail, alpha, Math.Max(RequestsPerUnit(tally.Released), RequestsPerUnit(tally.Control)))),
        GuardrailMetric.Errors => MeanGuardrail.Judge(
            Share(tally.Control, tally.Control.FailingUnits), Share(tally.Released, tally.Released.FailingUnits),
            Design(HarmDirection.HigherIsWorse, guardrail, alpha)),
        GuardrailMetric.Conversion conversion => MeanGuardrail.Judge(
            Share(tally.Control, Converted(tally.Control, conversion)), Share(tally.Released, Converted(tally.Released, conversion)),
            Design(HarmDirection.LowerIsWorse, guardrail, alpha)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static QuantileGuardrailDesign Design(GuardrailMetric.Latency latency, Guardrail guardrail, double alpha, double requestsPerUnit) => new(
        latency.Percentile / 100.0,
        guardrail.MarginMilliseconds is { } ms ? new Margin.Absolute(ms / 1_000) : new Margin.Relative((guardrail.MarginPercent ?? 0) / 100),
        alpha,
        PlannedObservations * requestsPerUnit,
        requestsPerUnit);

    private static GuardrailDesign Design(HarmDirection direction, Guardrail guardrail, double alpha) => new(
        direction,
        guardrail.MarginPoints is { } points ? new Margin.Absolute(points / 100) : new Margin.Relative((guardrail.MarginPercent ?? 0) / 100),
        alpha,
        PlannedObservations);

    /// <summary>As if all requests of a unit were one observation: the widest that their likeness can make the bounds. Units that are counted no more made none since.</summary>
    private static double RequestsPerUnit(ArmHealth arm) =>
        arm.Units == 0 ? 1 : Math.Max(1, arm.Latency.Sum(b => b.Count) / (double)Math.Max(1, arm.Units - arm.UnitsLeft));

    /// <summary>Durations in seconds: the histogram's micro-units are microseconds. A bucket goes where its middle is.</summary>
    private static LogHistogram Histogram(ArmHealth arm)
    {
        var histogram = new LogHistogram();
        foreach (var bucket in arm.Latency)
            histogram.Add(bucket.FromMicroseconds + (bucket.ToMicroseconds - bucket.FromMicroseconds) / 2, bucket.Count);
        return histogram;
    }

    private static ArmEstimate Share(ArmHealth arm, long units) => Arms.Proportion(new ProportionSums(arm.Units, Math.Min(units, arm.Units)));

    private static long Converted(ArmHealth arm, GuardrailMetric.Conversion conversion) => arm.Conversions.GetValueOrDefault(conversion.EventName);
}
