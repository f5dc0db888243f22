using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Delivery.AppHost.Infrastructure;

/// <summary>
/// What the demo with infrastructure runs: three versions of the shop behind a router, and Prometheus that counts their requests. The
/// router is HAProxy where it is installed, else the embedded one in the server. Holds a folder for the programs' files.
/// </summary>
internal sealed class DeploymentDemo : IDisposable
{
    private const int Versions = 3;

    private DeploymentDemo(string? haproxy, string prometheus)
    {
        (HAProxy, Prometheus) = (haproxy, prometheus);
        Folder = Directory.CreateTempSubdirectory("delivery-demo-").FullName;
        var ports = FreePorts(Versions + 2);
        (EdgePort, PrometheusPort, ShopPorts) = (ports[0], ports[1], ports[2..]);
        File.WriteAllText(MapFile, "");
        File.WriteAllText(PrometheusFile, PrometheusConfiguration());
    }

    /// <summary>The program; null when the embedded router is used.</summary>
    public string? HAProxy { get; }

    public string Prometheus { get; }

    public string Folder { get; }

    /// <summary>Where customers go.</summary>
    public int EdgePort { get; }

    public int PrometheusPort { get; }

    /// <summary>The versions' ports, from version 1.</summary>
    public IReadOnlyList<int> ShopPorts { get; }

    public string Socket => Path.Combine(Folder, "haproxy.sock");

    public string MapFile => Path.Combine(Folder, "shop.map");

    public string PrometheusFile => Path.Combine(Folder, "prometheus.yml");

    public string EdgeUrl => Url(EdgePort);

    /// <summary>The demo, and what it goes on without; null where a deployment's requests could not be counted.</summary>
    /// <param name="find">Finds a program's path.</param>
    /// <param name="say">Takes a line for people.</param>
    public static DeploymentDemo? Of(Func<string, string?> find, Action<string> say)
    {
        if (find("prometheus") is not { } prometheus)
        {
            say("Prometheus is not installed (apt-get install prometheus): nothing here counts a deployment's requests. The demo goes on with releases of flags, by the platform's own metrics.");
            return null;
        }

        var haproxy = find("haproxy");
        if (haproxy is null)
            say("HAProxy is not installed (apt-get install haproxy): the demo goes on with YARP, the router that is built in.");
        return new DeploymentDemo(haproxy, prometheus);
    }

    public static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://{Authority(port)}");

    public static string Authority(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string PrometheusConfiguration()
    {
        var targets = ShopPorts.Select((port, i) => $$"""
                  - targets: ['{{Authority(port)}}']
                    labels: { deployment: v{{i + 1}} }
            """);
        return $"""
            global:
              scrape_interval: 1s
              scrape_timeout: 1s
            scrape_configs:
              - job_name: shop
                static_configs:
            {string.Join('\n', targets)}

            """;
    }

    /// <summary>The listeners stay open until all have one, so that no two get the same.</summary>
    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(listener => listener.Start());
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }
}
