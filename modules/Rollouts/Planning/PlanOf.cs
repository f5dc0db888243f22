using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;

namespace Delivery.Rollouts;

/// <summary>Makes a plan of what was asked for and the flag it is about.</summary>
internal static class PlanOf
{
    private const double DefaultLatencyPercent = 10;
    private const double DefaultErrorPoints = 0.5;
    private const double DefaultConversionPercent = 5;

    /// <summary>The flag's part of the faults: what is asked for must be there.</summary>
    public static IEnumerable<FieldError> Faults(NewRollout asked, FlagSummary? flag)
    {
        if (flag is null)
        {
            yield return new("flag", $"the key of an existing flag: there is no '{asked.Flag}'");
            yield break;
        }

        if (!flag.HasEnvironment)
            yield return new("environment", $"the key of an existing environment: there is no '{asked.Environment}'");
        if (asked.Variant is { } variant && !flag.Variants.Contains(variant))
            yield return new("variant", $"one of {string.Join(", ", flag.Variants)}");
        else if (Variant(asked, flag) == flag.OffVariant)
            yield return new("variant", $"a variant other than the off variant '{flag.OffVariant}'");
    }

    public static Plan Plan(NewRollout asked, FlagSummary flag) => new(
        asked.Key,
        asked.Flag,
        asked.Environment,
        Variant(asked, flag),
        asked.UnitAttribute,
        (asked.Stages ?? DefaultStages(asked)).Select(Stage).ToList(),
        Breaker(asked.Breaker ?? new NewBreaker()),
        (asked.Guardrails ?? []).Select(Guardrail).ToList(),
        asked.BlindAfterSeconds);

    /// <summary>A route's plan: what is released is the canary.</summary>
    public static Plan Plan(NewRollout asked, RouteTarget route) => new(
        asked.Key,
        route.Name,
        asked.Environment,
        route.Traffic.Canary,
        asked.UnitAttribute,
        (asked.Stages ?? RoutePlanning.DefaultStages()).Select(Stage).ToList(),
        Breaker(asked.Breaker ?? new NewBreaker()),
        (asked.Guardrails ?? []).Select(Guardrail).ToList(),
        asked.BlindAfterSeconds)
    {
        Route = route,
    };

    public static string StageName(NewStage stage) =>
        stage.Name?.Trim() ?? string.Create(CultureInfo.InvariantCulture, $"{stage.ExposurePercent:0.####} %");

    private static string Variant(NewRollout asked, FlagSummary flag) =>
        asked.Variant ?? flag.Variants.FirstOrDefault(v => v != flag.OffVariant) ?? flag.OffVariant;

    private static IEnumerable<NewStage> DefaultStages(NewRollout asked)
    {
        if (asked.Ring is { } ring)
            yield return new NewStage(0, "dev team", ring, MinimumSeconds: 600, MinimumExposures: 1);
        yield return new NewStage(1, MinimumSeconds: 300, MinimumExposures: 100);
        yield return new NewStage(5, MinimumSeconds: 600, MinimumExposures: 500);
        yield return new NewStage(25, MinimumSeconds: 1800, MinimumExposures: 1_000);
        yield return new NewStage(50, MinimumSeconds: 3600, MinimumExposures: 1_000);
        yield return new NewStage(100, MinimumSeconds: 3600, MinimumExposures: 1_000);
    }

    private static Stage Stage(NewStage s) => new(
        StageName(s), (int)(s.ExposurePercent * 10_000), s.Ring, s.MinimumSeconds, s.MinimumExposures, s.NeedsApproval, s.WaitsForGuardrails);

    private static BreakerPlan Breaker(NewBreaker b) =>
        new(b.Enabled, b.Alpha, b.ToleratedRatio, b.PriorWeight, b.StrictSeconds, b.StrictToleratedRatio);

    private static Guardrail Guardrail(NewGuardrail g)
    {
        var metric = GuardrailMetric.Parse(g.Metric) ?? throw new InvalidOperationException($"'{g.Metric}' passed validation.");
        var given = g.MarginPercent ?? g.MarginMilliseconds ?? g.MarginPoints;
        return new Guardrail(
            metric,
            given is not null ? g.MarginPercent : metric switch
            {
                GuardrailMetric.Latency => DefaultLatencyPercent,
                GuardrailMetric.Conversion => DefaultConversionPercent,
                _ => null,
            },
            g.MarginMilliseconds,
            given is not null ? g.MarginPoints : metric is GuardrailMetric.Errors ? DefaultErrorPoints : null,
            g.Alpha);
    }
}
