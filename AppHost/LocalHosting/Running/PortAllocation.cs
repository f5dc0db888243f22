using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Delivery.LocalHosting.Running;

internal static class PortAllocation
{
    /// <summary>Gives each endpoint its port. The listeners stay open until all have one, so that no two get the same.</summary>
    public static void Allocate(IEnumerable<IResource> resources)
    {
        var listeners = new List<TcpListener>();
        try
        {
            foreach (var endpoint in resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()))
                endpoint.AllocatedPort ??= endpoint.ConfiguredPort ?? Free(listeners);
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }

    private static int Free(List<TcpListener> listeners)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listeners.Add(listener);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
