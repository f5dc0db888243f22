using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Delivery.Plugins.Xds;

/// <summary>The kinds of resources, in the order in which they are sent: what is routed to comes before what routes to it.</summary>
internal static class ResourceTypes
{
    public const string Cluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    public const string Endpoints = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    public const string Listener = "type.googleapis.com/envoy.config.listener.v3.Listener";
    public const string Route = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

    public static ImmutableArray<string> InOrder { get; } = [Cluster, Endpoints, Listener, Route];

    /// <summary>Of listeners and clusters a response is the whole set: what is not in it is gone.</summary>
    public static bool IsWhole(string type) => type is Cluster or Listener;
}

/// <summary>A resource as it is served.</summary>
/// <param name="Version">Another one whenever the body is another.</param>
/// <param name="Body">What is sent.</param>
internal sealed record Resource(long Version, Any Body);

/// <summary>What is served: one immutable picture, swapped whole.</summary>
internal sealed class Catalogue
{
    private readonly Lock _lock = new();
    private long _version;

    private volatile ImmutableDictionary<string, ImmutableSortedDictionary<string, Resource>> _now =
        ResourceTypes.InOrder.ToImmutableDictionary(t => t, _ => ImmutableSortedDictionary.Create<string, Resource>(StringComparer.Ordinal));

    /// <summary>After a change, with the picture swapped.</summary>
    public event Action? Changed;

    /// <summary>The resources by type and name.</summary>
    public ImmutableDictionary<string, ImmutableSortedDictionary<string, Resource>> Now => _now;

    /// <summary>Replaces resources; one whose content is the same keeps its version and is not sent again.</summary>
    public void Publish(IEnumerable<(string Type, string Name, IMessage Body)> resources)
    {
        lock (_lock)
        {
            var now = _now;
            foreach (var (type, name, message) in resources)
            {
                var body = Any.Pack(message);
                if (now[type].GetValueOrDefault(name)?.Body.Equals(body) != true)
                    now = now.SetItem(type, now[type].SetItem(name, new Resource(++_version, body)));
            }

            if (ReferenceEquals(now, _now))
                return;
            _now = now;
        }

        Changed?.Invoke();
    }
}
