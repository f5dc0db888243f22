using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins;
using Delivery.Plugins.Host;
using Delivery.Plugins.Routing;
using Delivery.Server.Routing;
using JasperFx.Events;

namespace Delivery.Server.Tests.Routing;

/// <summary>What a route is told and what is noted of it, without a server.</summary>
public sealed class RouteDecisionTests
{
    private static readonly Audit By = Audit.Platform("test", "test");
    private static readonly RouteTraffic Tenth = new("edge", "shop", "stable", "canary", 1_000) { Testers = [new RouteTester(new RoutePart(false, "x-arm"), "canary")] };
    private static readonly RouteState Seen = new("shop", "r1", 1, [new("stable", 9_000), new("canary", 1_000)], []);

    [Fact]
    public void each_new_traffic_is_a_higher_generation_and_the_same_again_is_nothing()
    {
        var first = RouteDecisions.Shift(null, new ShiftRoute(By, Tenth, "shop-2")).ShouldNotBeNull();
        first.Generation.ShouldBe(1);
        var route = Shifted();
        RouteDecisions.Shift(route, new ShiftRoute(By, Tenth with { Testers = [.. Tenth.Testers] }, "shop-2")).ShouldBeNull();
        RouteDecisions.Shift(route, new ShiftRoute(By, Tenth with { CanaryWeight = 2_500 }, "shop-2")).ShouldNotBeNull().Generation.ShouldBe(2);
        RouteDecisions.Shift(route, new ShiftRoute(By, Tenth with { Testers = [] }, "shop-2")).ShouldNotBeNull();
    }

    [Fact]
    public void a_return_is_told_once_but_a_harder_one_again()
    {
        var route = Shifted();
        var returned = RouteDecisions.Return(route, Return(RouteStop.Sticky)).ShouldNotBeNull();
        returned.Generation.ShouldBe(2);
        route = route.Apply(On(returned, 2));
        route.Told.CanaryWeight.ShouldBe(0);
        RouteDecisions.Return(route, Return(RouteStop.Sticky)).ShouldBeNull();
        RouteDecisions.Return(route, Return(RouteStop.New)).ShouldBeNull();
        RouteDecisions.Return(route, Return(RouteStop.InFlight)).ShouldNotBeNull().Generation.ShouldBe(3);
    }

    [Fact]
    public void a_rollout_that_ended_takes_nothing_from_the_next_one() =>
        RouteDecisions.Return(Shifted(), Return(RouteStop.Sticky) with { Rollout = "shop-1" }).ShouldBeNull();

    [Fact]
    public void only_what_the_router_verified_is_in_line()
    {
        var route = Shifted();
        RouteDecisions.Told(route, new Steered(Seen, new Verification.Verified(Seen), null, 1)).ShouldBeOfType<RouteCameInLine>();
        RouteDecisions.Told(route, new Steered(Seen, new Verification.Pending("2 of 3 proxies"), null, 1)).ShouldBeOfType<RouteFellBehind>().Reason.ShouldBe("2 of 3 proxies");
        RouteDecisions.Told(route, new Steered(Seen, new Verification.Unverifiable(new PluginError(PluginErrorKind.Timeout, "silence")), null, 1)).ShouldBeOfType<RouteFellBehind>();
        RouteDecisions.Told(route, new Steered(null, null, new PluginError(PluginErrorKind.Unavailable, "down"), 5)).ShouldBeOfType<RouteFellBehind>().Kind.ShouldBe("Unavailable");
    }

    [Fact]
    public void the_same_trouble_is_noted_once_and_a_note_of_an_older_generation_changes_nothing()
    {
        var down = new RouteFellBehind(1, "Unavailable", "down");
        var route = Shifted().Apply(On(down, 2));
        route.Trouble.ShouldBe("Unavailable: down");
        RouteDecisions.IsNews(route, down).ShouldBeFalse();
        RouteDecisions.IsNews(route, new RouteFellBehind(1, "Timeout", "silence")).ShouldBeTrue();
        route.Apply(On(new RouteCameInLine(0, 1, null), 3)).InLine.ShouldBeFalse();
        route.Apply(On(new RouteCameInLine(1, 1, null), 3)).InLine.ShouldBeTrue();
    }

    [Fact]
    public void drift_is_noted_when_the_route_was_in_line()
    {
        var drifted = new Verification.Drifted(Seen, ["canary has 0 basis points, not 1000"]);
        RouteDecisions.Looked(Shifted(), drifted).ShouldBeNull();
        RouteDecisions.Looked(Shifted().Apply(On(new RouteCameInLine(1, 1, null), 2)), drifted).ShouldBeOfType<RouteStrayed>().Differences.ShouldHaveSingleItem();
    }

    [Fact]
    public void the_intent_is_the_whole_traffic()
    {
        var intent = RouteDecisions.Intent(Tenth with { Sticky = new RoutePart(true, "unit"), MirrorWeight = 500 }, 7);
        intent.Generation.ShouldBe(7);
        intent.Arms.ShouldBe([new ArmWeight("stable", 9_000), new ArmWeight("canary", 1_000)]);
        intent.Overrides.ShouldBe([new RouteOverride(RequestPart.Header, "x-arm", "canary", "canary")]);
        intent.Stickiness.ShouldBe(new Stickiness(RequestPart.Cookie, "unit"));
        intent.Mirror.ShouldBe(new RouteMirror("canary", 500));
        RouteDecisions.Intent(new RouteTraffic("edge", "shop", "stable", "stable", 0), 8).Arms.ShouldBe([new ArmWeight("stable", 10_000)]);
    }

    private static ReturnRoute Return(RouteStop stop) => new(By, "edge", "shop", "stable", stop, "shop-2");

    private static Route Shifted() => Route.Create(On(new RouteShifted(Tenth, "shop-2", 1), 1));

    private static Event<T> On<T>(T data, long version)
        where T : class => new(data) { Version = version };
}
