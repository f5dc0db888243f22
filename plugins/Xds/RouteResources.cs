using System.Net;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Xds.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Delivery.Plugins.Xds;

/// <summary>
/// What clients are told of one route: a listener, a route configuration, a cluster for each arm, and one of all arms for sticky
/// units. The clusters are always there; an intent changes the route configuration and the weights in the sticky cluster.
/// </summary>
internal sealed class RouteResources(string name, XdsRoute options, XdsClients clients)
{
    private const string HttpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    public string Name { get; } = name;
    public XdsRoute Options { get; } = options;
    public XdsClients Clients { get; } = clients;
    public string Listener { get; } = options.Target ?? name;
    public string StickyCluster { get; } = $"{name}~sticky";

    /// <summary>The cluster of an arm.</summary>
    public string ClusterOf(string arm) => $"{Name}/{arm}";

    /// <summary>The resources for an intent.</summary>
    public IEnumerable<(string Type, string Name, IMessage Body)> For(RouteIntent intent) =>
    [
        .. Options.Arms.Keys.Select(arm => (ResourceTypes.Cluster, ClusterOf(arm), (IMessage)ClusterNamed(ClusterOf(arm)))),
        (ResourceTypes.Cluster, StickyCluster, Ring()),
        .. Options.Arms.Select(a => (ResourceTypes.Endpoints, ClusterOf(a.Key), (IMessage)Assignment(ClusterOf(a.Key), a.Value.Select(e => (e, 1))))),
        (ResourceTypes.Endpoints, StickyCluster, Assignment(StickyCluster, StickyRing.Points(intent, Options.Arms))),
        (ResourceTypes.Listener, Listener, Door()),
        (ResourceTypes.Route, Name, RouteTable.For(this, intent)),
    ];

    /// <summary>What a client must have taken to route as the intent says: the route, and the endpoints of every cluster that it leads to.</summary>
    public IReadOnlyList<(string Type, string Name)> NeededFor(RouteIntent intent)
    {
        var clusters = intent.Stickiness is null ? intent.Arms.Where(a => a.Weight > 0).Select(a => ClusterOf(a.Arm)) : [StickyCluster];
        return
        [
            (ResourceTypes.Route, Name),
            .. clusters.Union(intent.Overrides.Select(o => ClusterOf(o.Arm))).Select(c => (ResourceTypes.Endpoints, c)),
        ];
    }

    private static ConfigSource Ads { get; } = new() { Ads = new AggregatedConfigSource(), ResourceApiVersion = ApiVersion.V3 };

    private Listener Door()
    {
        var manager = new HttpConnectionManager
        {
            StatPrefix = Name,
            Rds = new Rds { ConfigSource = Ads, RouteConfigName = Name },
            HttpFilters = { new HttpFilter { Name = "router", TypedConfig = Any.Pack(new Router()) } },
        };
        var door = new Listener { Name = Listener };
        if (Clients == XdsClients.Grpc)
            door.ApiListener = new ApiListener { ApiListener_ = Any.Pack(manager) };
        else
        {
            door.Address = At(Options.Address!);
            door.FilterChains.Add(new FilterChain { Filters = { new Filter { Name = "http", TypedConfig = Any.Pack(manager) } } });
        }

        return door;
    }

    private Cluster ClusterNamed(string cluster)
    {
        var made = new Cluster
        {
            Name = cluster,
            Type = Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Ads, ServiceName = cluster },
            ConnectTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(5)),
        };
        if (Clients == XdsClients.Envoy && Options.Http2)
        {
            made.TypedExtensionProtocolOptions[HttpOptions] = Any.Pack(new HttpProtocolOptions
            {
                ExplicitHttpConfig = new HttpProtocolOptions.Types.ExplicitHttpConfig { Http2ProtocolOptions = new Http2ProtocolOptions() },
            });
        }

        return made;
    }

    private Cluster Ring()
    {
        var ring = ClusterNamed(StickyCluster);
        ring.LbPolicy = Cluster.Types.LbPolicy.RingHash;
        ring.RingHashLbConfig = new Cluster.Types.RingHashLbConfig { MinimumRingSize = StickyRing.Size, MaximumRingSize = StickyRing.Size };
        return ring;
    }

    private static ClusterLoadAssignment Assignment(string cluster, IEnumerable<(string Endpoint, int Weight)> endpoints) => new()
    {
        ClusterName = cluster,
        Endpoints =
        {
            new LocalityLbEndpoints
            {
                Locality = new Locality { Region = "delivery" },
                LoadBalancingWeight = 1,
                LbEndpoints = { endpoints.Select(e => new LbEndpoint { Endpoint = new Wire.Endpoint { Address = At(e.Endpoint) }, LoadBalancingWeight = (uint)e.Weight }) },
            },
        },
    };

    private static Address At(string endpoint)
    {
        var parsed = IPEndPoint.Parse(endpoint);
        return new Address { SocketAddress = new Wire.SocketAddress { Address = parsed.Address.ToString(), PortValue = (uint)parsed.Port } };
    }
}
