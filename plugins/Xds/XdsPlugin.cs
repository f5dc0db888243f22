using System.Collections.Immutable;
using System.Net;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Xds;

/// <summary>The entry.</summary>
public sealed class XdsPlugin : Plugin<ITrafficRouter, XdsOptions>
{
    private const int MostEndpoints = 256;

    /// <inheritdoc/>
    protected override ImmutableArray<Fault> Faults(XdsOptions options) =>
    [
        .. ListenFaults(options),
        .. options.Routes.SelectMany(r => RouteFaults(options, r.Key, r.Value)),
        .. options.Routes.GroupBy(r => r.Value.Target ?? r.Key).Where(g => g.Count() > 1)
            .Select(g => new Fault($"Routes:{g.Last().Key}:Target", "another target than another route has")),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<ITrafficRouter> CreateAsync(XdsOptions options, PluginContext context, CancellationToken cancellationToken)
    {
        var store = options.StateFile is null ? null : new StateFile(options.StateFile);
        var kept = store is null ? new Dictionary<string, RouteIntent>() : await store.ReadAsync(cancellationToken);
        var catalogue = new Catalogue();
        var epoch = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var cells = options.Routes
            .Select(r => new RouteCell(new RouteResources(r.Key, r.Value, options.Clients), catalogue, epoch, kept.GetValueOrDefault(r.Key)))
            .ToImmutableArray();
        var control = await ControlPlane.StartAsync(options, catalogue, context, cancellationToken);
        return new XdsRouter(options, cells, control, store, context.Time);
    }

    private static IEnumerable<Fault> ListenFaults(XdsOptions options)
    {
        if (options.Listen is not { } listen || !IPAddress.TryParse(listen.Host.Trim('[', ']'), out _) || listen.AbsolutePath != "/"
            || (listen.Scheme != Uri.UriSchemeHttp && listen.Scheme != Uri.UriSchemeHttps))
        {
            yield return new("Listen", "an http or https URL with an IP address and without a path, such as http://127.0.0.1:18000");
            yield break;
        }

        var tls = listen.Scheme == Uri.UriSchemeHttps;
        if (tls != options.Certificate is not null)
            yield return new("Certificate", tls ? "a file: https needs it" : "nothing: the address is without TLS");
        if (tls != options.CertificateKey is not null)
            yield return new("CertificateKey", tls ? "a secret: https needs it" : "nothing: the address is without TLS");
        if (!tls && options.ClientAuthorities is not null)
            yield return new("ClientAuthorities", "nothing: the address is without TLS");
    }

    private static IEnumerable<Fault> RouteFaults(XdsOptions options, string name, XdsRoute route)
    {
        if (name.Length is 0 or > 100)
            yield return new($"Routes:{name}", "a name of 1 to 100 characters");
        if (!route.Arms.ContainsKey(route.Stable))
            yield return new($"Routes:{name}:Stable", $"one of its arms: {string.Join(", ", route.Arms.Keys)}");
        if ((options.Clients == XdsClients.Envoy) != (route.Address is not null) || (route.Address is { } address && !IsEndpoint(address)))
            yield return new($"Routes:{name}:Address", options.Clients == XdsClients.Envoy ? "the IP address and port that Envoy listens on, such as 0.0.0.0:8080" : "nothing: gRPC clients do not listen");
        foreach (var (arm, endpoints) in route.Arms)
        {
            if (endpoints.Count is 0 or > MostEndpoints)
                yield return new($"Routes:{name}:Arms:{arm}", $"1 to {MostEndpoints} addresses");
            foreach (var (i, _) in endpoints.Index().Where(e => !IsEndpoint(e.Item)))
                yield return new($"Routes:{name}:Arms:{arm}:{i}", "an IP address and a port, such as 10.0.0.1:5000");
        }
    }

    private static bool IsEndpoint(string text) => IPEndPoint.TryParse(text, out var endpoint) && endpoint.Port > 0;
}
