using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>What a rollout of a route may ask for, and its plan.</summary>
internal static class RoutePlanning
{
    private const double DefaultMinimumSeconds = 300;

    /// <summary>What is wrong, as far as it can be told without the router.</summary>
    public static IEnumerable<FieldError> Faults(NewRollout asked, NewRoute route)
    {
        if (asked.Flag.Length > 0)
            yield return new("flag", "nothing beside a route: a rollout releases a flag's variant or a deployment");
        if (asked.Variant is not null)
            yield return new("variant", "nothing beside a route: its canary is what is released");
        if (asked.UnitAttribute != Attributes.TargetingKey)
            yield return new("unitAttribute", "nothing beside a route: route.sticky names the unit");
        if (asked.Ring is not null || asked.Stages?.Any(s => s?.Ring is not null) == true)
            yield return new("ring", "nothing beside a route: route.testers name who gets the canary first");
        if (route.MirrorPercent is < 0 or > 100 || route.MirrorPercent * 100 % 1 != 0)
            yield return new("route.mirrorPercent", "0 to 100 with at the most 2 decimals");
        foreach (var (i, stage) in (asked.Stages ?? []).Index())
        {
            if (stage?.ExposurePercent * 100 % 1 != 0)
                yield return new($"stages[{i}].exposurePercent", "at the most 2 decimals: routes are told basis points");
            if (stage?.ExposurePercent == 0 && route.Testers is null or [] && route.MirrorPercent == 0)
                yield return new($"stages[{i}].exposurePercent", "more than 0, or testers or a mirror: nobody would reach the canary");
        }

        foreach (var (i, guardrail) in (asked.Guardrails ?? []).Index())
        {
            if (GuardrailMetric.Parse(guardrail?.Metric) is GuardrailMetric.Conversion)
                yield return new($"guardrails[{i}].metric", "errors or latency: a route's metrics know no conversions");
            if (GuardrailMetric.Parse(guardrail?.Metric) is GuardrailMetric.Latency && route.Health.Latency is null)
                yield return new("route.health.latency", "a histogram of the source, for the latency guardrail");
        }
    }

    /// <summary>What the router or the metric source can't do.</summary>
    public static async Task<IReadOnlyList<FieldError>> AskAsync(ISender sender, Plan plan, CancellationToken cancellationToken)
    {
        var target = plan.Route!;
        var faults = new List<FieldError>();
        if (await sender.Send(new FindEnvironment(plan.Environment), cancellationToken) is null)
            faults.Add(new("environment", $"the key of an existing environment: there is no '{plan.Environment}'"));
        foreach (var (i, stage) in plan.Stages.Index())
        {
            var found = await sender.Send(new CheckRoute(target.At(stage.ExposurePpm)), cancellationToken);
            faults.AddRange(found.Select(f => f with { Field = f.Field == "canaryWeight" ? $"stages[{i}].exposurePercent" : $"route.{(f.Field == "route" ? "name" : f.Field)}" }));
        }

        var health = await sender.Send(new CheckRouteHealth(target.Health.Source, target.Health.Errors, target.Health.Latency), cancellationToken);
        return [.. faults.Concat(health.Select(f => f with { Field = $"route.health.{f.Field}" })).Distinct()];
    }

    public static RouteTarget Target(NewRoute route) => new(
        new RouteTraffic(route.Router, route.Name, route.Stable, route.Canary, 0)
        {
            Testers = route.Testers ?? [],
            Sticky = route.Sticky,
            MirrorWeight = (int)(route.MirrorPercent * 100),
        },
        route.Stop,
        route.Health);

    /// <summary>The stages of a canary, where none are given.</summary>
    public static IEnumerable<NewStage> DefaultStages() =>
        new decimal[] { 1, 5, 25, 50, 100 }.Select(p => new NewStage(p, MinimumSeconds: DefaultMinimumSeconds, MinimumExposures: 100));

    public static Decision Decide(Plan plan, string? owner, LiveRelease? live) => live is null
        ? Decision.Of(new RolloutPlanned(plan, owner))
        : new Decision.Refuse("rollout-live", $"The rollout '{live.Rollout}' of '{plan.Flag}' has not ended; one at a time.");

    /// <summary>Starts, when the router and the metric source can still do what was planned.</summary>
    public static Decision Start(Rollout rollout, IReadOnlyList<FieldError> faults, EnvironmentSummary? environment, string by) =>
        rollout.StartedAt is not null || !rollout.Live ? Steering.Start(rollout)
        : faults is [] ? Steering.SecondPersonNeeded(rollout, environment is { RequiresApproval: true }, by) ?? Steering.Start(rollout)
        : new Decision.Refuse("route-off", $"The route can't do what was planned: {string.Join("; ", faults.Select(f => $"{f.Field} must be {f.Message}"))}");
}
