using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Kubernetes;

/// <summary>The entry.</summary>
public sealed partial class KubernetesPlugin : Plugin<ITrafficRouter, KubernetesOptions>
{
    /// <inheritdoc/>
    protected override ImmutableArray<Fault> Faults(KubernetesOptions options) =>
    [
        .. ServerFaults(options),
        .. options is { Kubeconfig: { } kubeconfig, Server: null } ? KubeconfigCheck.Faults(kubeconfig) : [],
        .. options.Routes.SelectMany(r => RouteFaults(options.Api == TrafficApi.Istio, r.Key, r.Value)),
        .. SteeredRules.Faults(options),
    ];

    /// <inheritdoc/>
    protected override ImmutableArray<string> Claims(KubernetesOptions options) => [.. SteeredRules.Claims(options)];

    /// <inheritdoc/>
    protected override ValueTask<ITrafficRouter> CreateAsync(KubernetesOptions options, PluginContext context, CancellationToken cancellationToken)
    {
        RouteShape shape = options.Api == TrafficApi.Istio ? new IstioShape() : new GatewayShape();
        return ValueTask.FromResult<ITrafficRouter>(new KubernetesRouter(options, shape, new KubeApi(Connection.Of(options), context.Time)));
    }

    private static IEnumerable<Fault> ServerFaults(KubernetesOptions options)
    {
        if (options.Kubeconfig is not null && options.Server is not null)
            yield return new("Kubeconfig", "nothing beside Server");
        if (options.Server is { } server && server.Scheme != Uri.UriSchemeHttp && server.Scheme != Uri.UriSchemeHttps)
            yield return new("Server", "an http or https URL");
        if (options.Server is null && options.Token is not null)
            yield return new("Token", "nothing without Server");
        if (options.Server is null && options.CertificateAuthority is not null)
            yield return new("CertificateAuthority", "nothing without Server");
        if (options.Server?.Scheme == Uri.UriSchemeHttp && !options.Server.IsLoopback && options.Token is not null)
            yield return new("Server", "an https URL: a token is not sent over http to another machine");
    }

    private static IEnumerable<Fault> RouteFaults(bool istio, string name, KubernetesRoute route)
    {
        if (!RouteName().IsMatch(name))
            yield return new($"Routes:{name}", "1 to 50 letters, digits, '-', '_' and '.', with a letter or digit at both ends");
        if (!route.Arms.ContainsKey(route.Stable))
            yield return new($"Routes:{name}:Stable", $"one of its arms: {string.Join(", ", route.Arms.Keys)}");
        if (!istio && route.DestinationRule is not null)
            yield return new($"Routes:{name}:DestinationRule", "nothing: it is Istio's");
        foreach (var (arm, of) in route.Arms)
        {
            if (!istio && of.Port is null)
                yield return new($"Routes:{name}:Arms:{arm}:Port", "the Service's port: Gateway API needs it");
            if (!istio && (of.Subset is not null || of.Labels.Count > 0))
                yield return new($"Routes:{name}:Arms:{arm}:Subset", "nothing: subsets are Istio's");
        }

        foreach (var twins in route.Arms.GroupBy(a => (a.Value.Service, a.Value.Port, a.Value.Subset)).Where(g => g.Count() > 1))
            yield return new($"Routes:{name}:Arms:{twins.Last().Key}", $"another destination than {twins.First().Key} has");
    }

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9._-]{0,48}[A-Za-z0-9])?$")]
    private static partial Regex RouteName();
}
