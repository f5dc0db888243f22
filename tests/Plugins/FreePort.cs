using System.Net;
using System.Net.Sockets;

namespace Delivery.Plugins.Tests;

/// <summary>
/// Ports for what listens on a port that was chosen before, or again on the same one. They are below those that the kernel gives to
/// connections and to listeners that ask for any (32,768 and up), so that none of them gets in between.
/// </summary>
internal static class FreePort
{
    private const int First = 12_000;
    private const int Count = 18_000;

    private static int _next = Environment.ProcessId * 101;

    public static int Take()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                continue;
            }
        }
    }
}
