using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Contracts.Targeting;

namespace Delivery.Rollouts.Tests.Deciding;

/// <summary>A rollout of a route: what may be asked, and what the route is told.</summary>
public sealed class RoutePlanningTests
{
    private static readonly NewRoute Shop = new("edge", "shop", new NewRouteHealth("prometheus", "http-errors"));

    [Fact]
    public void a_route_instead_of_a_flag_is_fine() => PlanFaults.Of(new NewRollout("r") { Route = Shop }).ShouldBeEmpty();

    [Fact]
    public void one_of_both_is_needed() =>
        PlanFaults.Of(new NewRollout("r")).ShouldHaveSingleItem().Field.ShouldBe("flag");

    [Fact]
    public void what_only_a_flag_has_is_refused_by_name() =>
        PlanFaults.Of(new NewRollout("r", "checkout", Variant: "on", UnitAttribute: "account", Guardrails: [new NewGuardrail("latency-p95"), new NewGuardrail("conversion:paid")])
        {
            Route = Shop with { MirrorPercent = 100.001m },
        }).Select(f => f.Field).ShouldBe(["flag", "variant", "unitAttribute", "route.mirrorPercent", "route.health.latency", "guardrails[1].metric"]);

    [Fact]
    public void a_stage_that_nobody_reaches_is_refused()
    {
        var nothing = new NewRollout("r", Stages: [new NewStage(0), new NewStage(100)]) { Route = Shop };
        PlanFaults.Of(nothing).ShouldHaveSingleItem().Field.ShouldBe("stages[0].exposurePercent");
        PlanFaults.Of(nothing with { Route = Shop with { Testers = [new RouteTester(new RoutePart(false, "x-arm"), "canary")] } }).ShouldBeEmpty();
    }

    [Fact]
    public void weights_are_basis_points() =>
        PlanFaults.Of(new NewRollout("r", Stages: [new NewStage(0.005m), new NewStage(0.01m)]) { Route = Shop }).ShouldHaveSingleItem().Field.ShouldBe("stages[0].exposurePercent");

    [Fact]
    public void a_stage_becomes_the_canarys_weight()
    {
        var plan = PlanOf.Plan(new NewRollout("r") { Route = Shop }, RoutePlanning.Target(Shop));
        plan.Flag.ShouldBe("route:edge/shop");
        plan.Variant.ShouldBe("canary");
        plan.Stages.Select(s => plan.Route!.At(s.ExposurePpm).CanaryWeight).ShouldBe([100, 500, 2_500, 5_000, 10_000]);
    }

    [Fact]
    public void each_stage_is_a_window_of_its_own()
    {
        var plan = PlanOf.Plan(new NewRollout("r") { Route = Shop }, RoutePlanning.Target(Shop));
        var rollout = History.Started(plan).At(60, History.Entered(plan, 1)).At(61, new StageOpened("r", 1, 5)).Rollout;
        RouteInLine.Health(rollout).Windows.ShouldBe(
        [
            new RouteWindow(2, History.Start, History.Start.AddSeconds(61)),
            new RouteWindow(5, History.Start.AddSeconds(61), null),
        ]);
    }

    [Fact]
    public void a_start_is_refused_while_the_router_can_not_do_it()
    {
        var plan = PlanOf.Plan(new NewRollout("r") { Route = Shop }, RoutePlanning.Target(Shop));
        var planned = new History().At(0, new RolloutPlanned(plan, "shop"));
        RoutePlanning.Start(planned.Rollout, [new FieldError("route.router", "a router that is there: none")], null, "bob").ShouldBeOfType<Decision.Refuse>().Reason.ShouldContain("a router that is there");
        RoutePlanning.Start(planned.Rollout, [], null, "bob").ShouldBeOfType<Decision.Take>().Events.Count.ShouldBe(2);
    }

    [Fact]
    public void where_the_environment_requires_approval_a_second_person_starts_it()
    {
        var plan = PlanOf.Plan(new NewRollout("r") { Route = Shop }, RoutePlanning.Target(Shop));
        var planned = new History().At(0, new RolloutPlanned(plan, "shop")).Rollout with { PlannedBy = "alice" };
        var guarded = new EnvironmentSummary("production", RequiresApproval: true);
        RoutePlanning.Start(planned, [], guarded, "alice").ShouldBeOfType<Decision.Refuse>().Code.ShouldBe("second-person-needed");
        RoutePlanning.Start(planned, [], guarded, "bob").ShouldBeOfType<Decision.Take>();
    }
}
