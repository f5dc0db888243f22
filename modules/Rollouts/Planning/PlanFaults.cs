using System.Text.RegularExpressions;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Rollouts;

/// <summary>What is wrong with a new rollout, by field, as far as it can be told without the flag.</summary>
internal static partial class PlanFaults
{
    private const int MostStages = 50;
    private const int MostGuardrails = 20;
    private const int LongestName = 100;
    private const double LongestSeconds = 90 * 24 * 3600.0;

    public static IEnumerable<FieldError> Of(NewRollout rollout)
    {
        if (!Key().IsMatch(rollout.Key))
            yield return new("key", "1 to 100 characters: lower-case letters, digits, '-', '_' and '.', starting with a letter or digit");
        if (rollout.Route is null && rollout.Flag.Length is 0 or > Limits.KeyLength)
            yield return new("flag", "the key of an existing flag, or a route");
        if (rollout.Environment.Length is 0 or > Limits.KeyLength)
            yield return new("environment", "the key of an existing environment");
        if (rollout.Variant is { Length: 0 })
            yield return new("variant", "the key of one of the flag's variants, or nothing");
        if (rollout.UnitAttribute.Length is 0 or > Limits.KeyLength)
            yield return new("unitAttribute", $"1 to {Limits.KeyLength} characters that name an attribute");
        if (rollout.BlindAfterSeconds is not (>= 1 and <= 3600))
            yield return new("blindAfterSeconds", "1 to 3600 seconds");
        if (rollout.Ring is not null && rollout.Stages is not null)
            yield return new("ring", "nothing beside stages: give the ring to the stage it begins with");
        foreach (var fault in rollout.Route is { } route ? RoutePlanning.Faults(rollout, route) : [])
            yield return fault;
        foreach (var fault in RingFaults("ring", rollout.Ring).Concat(StageFaults(rollout.Stages, onRoute: rollout.Route is not null)).Concat(BreakerFaults(rollout.Breaker)).Concat(GuardrailFaults(rollout.Guardrails)))
            yield return fault;
    }

    private static IEnumerable<FieldError> StageFaults(IReadOnlyList<NewStage>? stages, bool onRoute)
    {
        if (stages is { Count: 0 or > MostStages })
            yield return new("stages", $"1 to {MostStages} stages, or nothing for the default plan");
        var names = new HashSet<string>(StringComparer.Ordinal);
        NewStage? before = null;
        foreach (var (i, stage) in (stages ?? []).Take(MostStages).Index())
        {
            if (stage is null)
            {
                yield return new($"stages[{i}]", "a stage");
                continue;
            }

            foreach (var fault in StageFaults($"stages[{i}]", stage, onRoute))
                yield return fault;
            if (!names.Add(PlanOf.StageName(stage)))
                yield return new($"stages[{i}].name", "a name no other stage has");
            if (before is not null && stage.ExposurePercent <= before.ExposurePercent)
                yield return new($"stages[{i}].exposurePercent", $"more than the stage before ({before.ExposurePercent:0.####}): stages rise");
            before = stage;
        }
    }

    private static IEnumerable<FieldError> StageFaults(string at, NewStage stage, bool onRoute)
    {
        if (stage.ExposurePercent is < 0 or > 100 || stage.ExposurePercent * 10_000 % 1 != 0)
            yield return new($"{at}.exposurePercent", "0 to 100 with at the most 4 decimals");
        if (stage.ExposurePercent == 0 && stage.Ring is null && !onRoute)
            yield return new($"{at}.ring", "a condition: at 0 % nobody else would be exposed");
        if (stage.Name is { } name && (string.IsNullOrWhiteSpace(name) || name.Length > LongestName))
            yield return new($"{at}.name", $"1 to {LongestName} characters");
        if (stage.MinimumSeconds is not (>= 0 and <= LongestSeconds))
            yield return new($"{at}.minimumSeconds", $"0 to {LongestSeconds:0} seconds (90 days)");
        if (stage.MinimumExposures < 0)
            yield return new($"{at}.minimumExposures", "0 or more");
        foreach (var fault in RingFaults($"{at}.ring", stage.Ring))
            yield return fault;
    }

    private static IEnumerable<FieldError> RingFaults(string at, Condition? ring)
    {
        if (Unknown(ring))
            yield return new(at, "a condition of known kinds and operators: an unknown one would match nobody");
    }

    private static bool Unknown(Condition? condition) => condition switch
    {
        Condition.Unknown => true,
        Condition.All all => all.Conditions.Any(Unknown),
        Condition.Any any => any.Conditions.Any(Unknown),
        Condition.Not not => Unknown(not.Inner),
        Condition.Attribute attribute => Unknown(attribute.Element),
        _ => false,
    };

    private static IEnumerable<FieldError> BreakerFaults(NewBreaker? breaker)
    {
        if (breaker is null)
            yield break;
        if (breaker.Alpha is not (>= 1e-12 and <= 0.1))
            yield return new("breaker.alpha", "1e-12 to 0.1");
        if (breaker.ToleratedRatio is not (>= 1 and <= 100))
            yield return new("breaker.toleratedRatio", "1 to 100");
        if (breaker.PriorWeight is not (>= 0.1 and <= 10_000))
            yield return new("breaker.priorWeight", "0.1 to 10000 failures");
        if (breaker.StrictSeconds is not (>= 0 and <= LongestSeconds))
            yield return new("breaker.strictSeconds", $"0 to {LongestSeconds:0} seconds");
        if (!(breaker.StrictToleratedRatio >= 1 && breaker.StrictToleratedRatio <= breaker.ToleratedRatio))
            yield return new("breaker.strictToleratedRatio", "1 to toleratedRatio");
    }

    private static IEnumerable<FieldError> GuardrailFaults(IReadOnlyList<NewGuardrail>? guardrails)
    {
        if (guardrails is { Count: > MostGuardrails })
            yield return new("guardrails", $"at the most {MostGuardrails}");
        var metrics = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, guardrail) in (guardrails ?? []).Take(MostGuardrails).Index())
        {
            var at = $"guardrails[{i}]";
            if (guardrail is null)
            {
                yield return new(at, "a guardrail");
                continue;
            }

            if (GuardrailMetric.Parse(guardrail.Metric) is not { } metric)
            {
                yield return new($"{at}.metric", GuardrailMetric.Accepted);
                continue;
            }

            if (!metrics.Add(guardrail.Metric))
                yield return new($"{at}.metric", "a metric no other guardrail has");
            foreach (var fault in MarginFaults(at, guardrail, metric is GuardrailMetric.Latency))
                yield return fault;
            if (guardrail.Alpha is not (>= 1e-9 and <= 0.1))
                yield return new($"{at}.alpha", "1e-9 to 0.1");
        }
    }

    private static IEnumerable<FieldError> MarginFaults(string at, NewGuardrail guardrail, bool latency)
    {
        if (new[] { guardrail.MarginPercent, guardrail.MarginMilliseconds, guardrail.MarginPoints }.Count(m => m is not null) > 1)
            yield return new(at, "one margin: marginPercent, marginMilliseconds or marginPoints");
        if (guardrail.MarginPercent is not (null or (>= 0 and <= 1000)))
            yield return new($"{at}.marginPercent", "0 to 1000 percent of the control arm's value");
        if (guardrail.MarginMilliseconds is not null && (!latency || guardrail.MarginMilliseconds is not (>= 0 and <= 3_600_000)))
            yield return new($"{at}.marginMilliseconds", "0 to 3600000 milliseconds, for latency only");
        if (guardrail.MarginPoints is not null && (latency || guardrail.MarginPoints is not (>= 0 and <= 100)))
            yield return new($"{at}.marginPoints", "0 to 100 percentage points, for errors and conversions only");
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,99}$", RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}
