using Delivery.Plugins.Routing;
using Delivery.Plugins.Xds.Wire;
using Google.Protobuf.WellKnownTypes;

namespace Delivery.Plugins.Xds;

/// <summary>An intent as a route configuration: overrides first, then the split.</summary>
internal static class RouteTable
{
    public static RouteConfiguration For(RouteResources route, RouteIntent intent)
    {
        var host = new VirtualHost { Name = route.Name, Domains = { "*" } };
        foreach (var o in intent.Overrides)
            host.Routes.Add(To(new RouteAction { Cluster = route.ClusterOf(o.Arm) }, route, o.Arm == intent.Mirror?.Arm ? null : intent.Mirror, Match(o)));
        if (intent.Mirror is { } mirror && intent.WeightOf(mirror.Arm) is > 0 and var own)
        {
            // What goes to the mirror's arm anyway is not copied to it: a route of its own takes that share first.
            host.Routes.Add(To(new RouteAction { Cluster = route.ClusterOf(mirror.Arm) }, route, null, new RouteMatch { Prefix = "/", RuntimeFraction = Share(own) }));
            intent = intent with { Arms = [.. intent.Arms.Where(a => a.Arm != mirror.Arm)] };
        }

        if (intent.Arms.Any(a => a.Weight > 0))
            host.Routes.Add(To(Split(route, intent), route, intent.Mirror, new RouteMatch { Prefix = "/" }));
        return new RouteConfiguration { Name = route.Name, VirtualHosts = { host } };
    }

    private static Route To(RouteAction action, RouteResources route, RouteMirror? mirror, RouteMatch match)
    {
        action.Timeout = new Duration();
        if (mirror is not null)
            action.RequestMirrorPolicies.Add(new RouteAction.Types.RequestMirrorPolicy { Cluster = route.ClusterOf(mirror.Arm), RuntimeFraction = Share(mirror.Share) });
        return new Route { Match = match, Route_ = action };
    }

    private static RouteAction Split(RouteResources route, RouteIntent intent)
    {
        if (intent.Stickiness is { } sticky)
        {
            return new RouteAction
            {
                Cluster = route.StickyCluster,
                HashPolicy = { new RouteAction.Types.HashPolicy { Header = new RouteAction.Types.HashPolicy.Types.Header { HeaderName = Lower(sticky.Name) } } },
            };
        }

        var arms = intent.Arms.Where(a => a.Weight > 0).ToList();
        return new RouteAction
        {
            WeightedClusters = new WeightedCluster
            {
                TotalWeight = (uint)arms.Sum(a => a.Weight),
                Clusters = { arms.Select(a => new WeightedCluster.Types.ClusterWeight { Name = route.ClusterOf(a.Arm), Weight = (uint)a.Weight }) },
            },
        };
    }

    private static RouteMatch Match(RouteOverride o) => new()
    {
        Prefix = "/",
        Headers =
        {
            o.Source == RequestPart.Header
                ? new HeaderMatcher { Name = Lower(o.Name), ExactMatch = o.Value }
                : new HeaderMatcher
                {
                    Name = "cookie",
                    SafeRegexMatch = new RegexMatcher { GoogleRe2 = new RegexMatcher.Types.GoogleRE2(), Regex = CookieExpression.Of(o.Name, o.Value) },
                },
        },
    };

    private static RuntimeFractionalPercent Share(int basisPoints) => new()
    {
        DefaultValue = new FractionalPercent { Numerator = (uint)basisPoints, Denominator = FractionalPercent.Types.DenominatorType.TenThousand },
    };

    /// <summary>Names of headers have no case; gRPC compares them as they come over the wire.</summary>
    private static string Lower(string header) => header.ToLowerInvariant();
}
