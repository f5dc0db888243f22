using System.Globalization;
using Delivery.Shop.Demo;

namespace Delivery.Shop.Deployments;

/// <summary>The bodies of the demo's calls: version 2 as a canary, then version 3 as blue/green.</summary>
internal static class DeploymentPlan
{
    internal const string Canary = "shop-2";
    internal const string BlueGreen = "shop-3";
    private const long MinimumRequests = 200;
    private const double MinimumSeconds = 20;

    internal static IReadOnlyList<string> Keys { get; } = [Canary, BlueGreen];

    /// <summary>Some of the customers, the same ones in each request, and more stage by stage.</summary>
    internal static object CanaryBody { get; } = new
    {
        key = Canary,
        environment = DemoPlan.Environment,
        route = Route("v2"),
        stages = new[] { Stage(10), Stage(100) },
        comment = "release: version 2 of the shop, to some of the customers first",
    };

    /// <summary>Everybody at once: one stage of 100 %.</summary>
    internal static object BlueGreenBody { get; } = new
    {
        key = BlueGreen,
        environment = DemoPlan.Environment,
        route = Route("v3"),
        stages = new[] { Stage(100) },
        comment = "release: version 3 of the shop, to everybody with one switch; version 1 stays ready",
    };

    private static object Route(string version) => new
    {
        router = "edge",
        name = "shop",
        stable = "v1",
        canary = version,
        sticky = new { cookie = false, name = "x-user" },
        owner = DemoPlan.Team,
        health = new { source = "numbers", errors = "requests", latency = "durations" },
    };

    private static object Stage(int percent) => new
    {
        name = string.Create(CultureInfo.InvariantCulture, $"{percent} %"),
        exposurePercent = percent,
        minimumSeconds = MinimumSeconds,
        minimumExposures = MinimumRequests,
    };
}
