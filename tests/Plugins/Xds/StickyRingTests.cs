using Delivery.Plugins.Routing;
using Delivery.Plugins.Xds;

namespace Delivery.Plugins.Tests.Xds;

public sealed class StickyRingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(7, 5)]
    public void a_rising_weight_takes_no_point_from_any_instance_of_the_arm(int stable, int canary)
    {
        var arms = new Dictionary<string, List<string>>
        {
            ["stable"] = [.. Enumerable.Range(0, stable).Select(i => $"stable-{i}")],
            ["canary"] = [.. Enumerable.Range(0, canary).Select(i => $"canary-{i}")],
        };
        var before = StickyRing.Points(Intent(0), arms).ToDictionary();
        before.Keys.ShouldAllBe(e => e.StartsWith("stable"));
        for (var weight = 1; weight <= BasisPoints.All; weight++)
        {
            var now = StickyRing.Points(Intent(weight), arms).ToDictionary();
            now.Values.Sum().ShouldBe(StickyRing.Size);
            foreach (var endpoint in arms["canary"])
                now.GetValueOrDefault(endpoint).ShouldBeGreaterThanOrEqualTo(before.GetValueOrDefault(endpoint));
            foreach (var endpoint in arms["stable"])
                now.GetValueOrDefault(endpoint).ShouldBeLessThanOrEqualTo(before.GetValueOrDefault(endpoint));
            if (weight < BasisPoints.All)
                now.Where(p => p.Key.StartsWith("canary")).Sum(p => p.Value).ShouldBeLessThanOrEqualTo(weight * StickyRing.Size / BasisPoints.All);
            before = now;
        }

        before.Keys.ShouldAllBe(e => e.StartsWith("canary"));
    }

    private static RouteIntent Intent(int canary) => new("shop", 1, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);
}
