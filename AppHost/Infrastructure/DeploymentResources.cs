using System.Globalization;

namespace Delivery.AppHost.Infrastructure;

/// <summary>The demo's resources, and what the server is told of them.</summary>
internal static class DeploymentResources
{
    private const string Plugins = "Delivery__Plugins__Instances";
    private const string Edge = $"{Plugins}__edge";
    private const string Numbers = $"{Plugins}__numbers";
    private const string Pages = "deployment=\"$arm\",http_route!~\"/health|/alive|/metrics.*\"";

    public static void AddDeployments(
        this IDistributedApplicationBuilder builder, DeploymentDemo demo, IResourceBuilder<ProjectResource> server, IResourceBuilder<ParameterResource> adminKey)
    {
        server.WithMetricSource(demo);
        var first = builder.AddShop(demo, 1)
            .WaitFor(server)
            .WithEnvironment("Delivery__ServerUrl", server.GetEndpoint("http"))
            .WithEnvironment("Delivery__AdminKey", adminKey)
            .WithEnvironment("Traffic__Address", demo.EdgeUrl);
        for (var version = 2; version <= demo.ShopPorts.Count; version++)
            first.WaitFor(builder.AddShop(demo, version));
        first.WaitFor(builder.AddExecutable(
                "prometheus", demo.Prometheus, demo.Folder,
                $"--config.file={demo.PrometheusFile}", $"--storage.tsdb.path={Path.Combine(demo.Folder, "tsdb")}",
                $"--web.listen-address={DeploymentDemo.Authority(demo.PrometheusPort)}", "--storage.tsdb.retention.time=1h", "--log.level=warn")
            .WithHttpEndpoint(port: demo.PrometheusPort, isProxied: false)
            .WithHttpHealthCheck("/-/ready"));
        if (demo.HAProxy is { } program)
        {
            server.WithHAProxy(demo);
            first.WaitFor(builder.AddHAProxy(demo, program));
        }
        else
        {
            server.WithYarp(demo);
        }
    }

    private static IResourceBuilder<ProjectResource> AddShop(this IDistributedApplicationBuilder builder, DeploymentDemo demo, int version) =>
        builder.AddProject<Projects.Shop>(string.Create(CultureInfo.InvariantCulture, $"shop-{version}"))
            .WithHttpEndpoint(port: demo.ShopPorts[version - 1])
            .WithHttpHealthCheck("/health")
            .WithEnvironment("Deployment__Version", version.ToString(CultureInfo.InvariantCulture));

    private static IResourceBuilder<ExecutableResource> AddHAProxy(this IDistributedApplicationBuilder builder, DeploymentDemo demo, string program)
    {
        var haproxy = builder.AddExecutable(
                "haproxy", program, demo.Folder, "-db", "-f", Path.Combine(builder.AppHostDirectory, "Infrastructure", "haproxy.cfg"))
            .WithHttpEndpoint(port: demo.EdgePort, isProxied: false)
            .WithHttpHealthCheck("/haproxy/health")
            .WithEnvironment("DELIVERY_SOCKET", demo.Socket)
            .WithEnvironment("DELIVERY_MAPS", demo.Folder)
            .WithEnvironment("EDGE_LISTEN", DeploymentDemo.Authority(demo.EdgePort));
        foreach (var (i, port) in demo.ShopPorts.Index())
            haproxy.WithEnvironment(string.Create(CultureInfo.InvariantCulture, $"SHOP_V{i + 1}"), DeploymentDemo.Authority(port));
        return haproxy;
    }

    private static void WithHAProxy(this IResourceBuilder<ProjectResource> server, DeploymentDemo demo) =>
        server.WithEnvironment($"{Edge}__Plugin", "haproxy")
            .WithEnvironment($"{Edge}__Options__Address", demo.Socket)
            .WithEnvironment($"{Edge}__Options__Routes__shop__Map", demo.MapFile)
            .WithEnvironment($"{Edge}__Options__Routes__shop__WriteMap", "true")
            .WithEnvironment($"{Edge}__Options__Routes__shop__Headers__0", "x-user")
            .WithArms(demo, _ => null);

    private static void WithYarp(this IResourceBuilder<ProjectResource> server, DeploymentDemo demo) =>
        server.WithEnvironment($"{Edge}__Plugin", "yarp")
            .WithEnvironment($"{Edge}__Options__Listen__0", demo.EdgeUrl)
            .WithArms(demo, DeploymentDemo.Url);

    /// <param name="server">The server.</param>
    /// <param name="demo">The demo.</param>
    /// <param name="at">Where an arm is, by port; null where HAProxy's backend says it.</param>
    private static void WithArms(this IResourceBuilder<ProjectResource> server, DeploymentDemo demo, Func<int, string?> at)
    {
        server.WithEnvironment($"{Edge}__Options__Routes__shop__Stable", "v1");
        foreach (var (i, port) in demo.ShopPorts.Index())
        {
            var arm = string.Create(CultureInfo.InvariantCulture, $"v{i + 1}");
            server.WithEnvironment($"{Edge}__Options__Routes__shop__Arms__{arm}", at(port) ?? $"shop-{arm}");
        }
    }

    private static void WithMetricSource(this IResourceBuilder<ProjectResource> server, DeploymentDemo demo) =>
        server.WithEnvironment($"{Numbers}__Plugin", "prometheus")
            .WithEnvironment($"{Numbers}__Options__Url", DeploymentDemo.Url(demo.PrometheusPort))
            .WithEnvironment($"{Numbers}__Options__Metrics__requests__Trials", $"http_server_request_duration_seconds_count{{{Pages}}}")
            .WithEnvironment($"{Numbers}__Options__Metrics__requests__Events", $"http_server_request_duration_seconds_count{{{Pages},http_response_status_code=~\"5..\"}}")
            .WithEnvironment($"{Numbers}__Options__Metrics__durations__Shape", "Histogram")
            .WithEnvironment($"{Numbers}__Options__Metrics__durations__Values", $"http_server_request_duration_seconds{{{Pages}}}");
}
