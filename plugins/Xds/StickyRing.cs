using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Xds;

/// <summary>
/// Where sticky units go: a ring of 4,096 points (gRPC clients take no larger one) on which each instance owns as many as its arm's weight
/// says, and a unit's hash finds the next point. The weights are whole points and sum to the ring's size, a power of two, so that clients
/// with different arithmetic place the same points; an arm's points only grow with its weight, so that a rising weight takes no unit from it.
/// </summary>
internal static class StickyRing
{
    public const int Size = 4_096;

    /// <summary>The instances that own points, with how many. An arm without weight owns none.</summary>
    public static IEnumerable<(string Endpoint, int Points)> Points(RouteIntent intent, IReadOnlyDictionary<string, List<string>> arms)
    {
        var rest = intent.WeightOf(intent.Stable) > 0 ? intent.Stable : intent.Arms.Last(a => a.Weight > 0).Arm;
        var others = intent.Arms.Where(a => a.Arm != rest && a.Weight > 0)
            .SelectMany(a => arms[a.Arm].Select(e => (Endpoint: e, Points: PointsOf(a.Weight) / arms[a.Arm].Count))).ToList();
        var left = Size - others.Sum(o => o.Points);
        var (each, more) = Math.DivRem(left, arms[rest].Count);
        return others.Concat(arms[rest].Select((e, i) => (e, each + (i < more ? 1 : 0)))).Where(e => e.Item2 > 0);
    }

    /// <summary>The points that a weight gives, rounded down.</summary>
    public static int PointsOf(int basisPoints) => basisPoints * Size / BasisPoints.All;
}
