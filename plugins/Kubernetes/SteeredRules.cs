namespace Delivery.Plugins.Kubernetes;

/// <summary>Which rule of which object a route steers: two routes on one rule would overwrite each other.</summary>
internal static class SteeredRules
{
    /// <summary>Routes of one instance that may come to the same rule.</summary>
    public static IEnumerable<Fault> Faults(KubernetesOptions options)
    {
        foreach (var (i, (name, route)) in options.Routes.Index())
        {
            if (options.Routes.Take(i).FirstOrDefault(r => AreOne(r.Value, route)) is { Key: { } other })
                yield return new($"Routes:{name}:Rule", $"another rule of {route.Namespace}/{route.Name} than the route '{other}' steers: they would overwrite each other");
        }
    }

    /// <summary>
    /// The rules in words, the same for the same rule: a named one by its name, one that is found by its destinations by each of them.
    /// </summary>
    public static IEnumerable<string> Claims(KubernetesOptions options)
    {
        var server = options.Server?.AbsoluteUri.TrimEnd('/') ?? (options.Kubeconfig is { } kubeconfig ? KubeconfigCheck.Server(kubeconfig) : null) ?? "the cluster's own API server";
        var kind = options.Api == TrafficApi.Istio ? "VirtualService" : "HTTPRoute";
        return options.Routes.Values.SelectMany(r => (r.Rule is { } rule ? [$"the rule '{rule}'"] : r.Arms.Values.Select(a => $"the rule that leads to {Destination(a)}"))
            .Select(rule => $"{rule} of the {kind} {r.Namespace}/{r.Name} at {server}"));
    }

    private static bool AreOne(KubernetesRoute one, KubernetesRoute other) => one.Namespace == other.Namespace && one.Name == other.Name
        && (one.Rule is not null && other.Rule is not null
            ? one.Rule == other.Rule
            : one.Arms.Values.Any(a => other.Arms.Values.Any(b => a.Service == b.Service && a.Subset == b.Subset && (a.Port is null || b.Port is null || a.Port == b.Port))));

    private static string Destination(KubernetesArm arm) =>
        $"{arm.Service}{(arm.Port is { } port ? $":{port}" : "")}{(arm.Subset is { } subset ? $" ({subset})" : "")}";
}
