using System.Text;
using k8s;
using k8s.KubeConfigModels;

namespace Delivery.Plugins.Kubernetes;

/// <summary>Whether a kubeconfig's current context can be used here. No message says anything of its content: it is a secret.</summary>
internal static class KubeconfigCheck
{
    private const string Field = "Kubeconfig";

    public static IEnumerable<Fault> Faults(Secret kubeconfig)
    {
        if (Read(kubeconfig) is not { } config)
        {
            yield return new(Field, "a kubeconfig, in YAML");
            yield break;
        }

        if (ContextOf(config) is not { } context)
        {
            yield return new(Field, "one whose current-context is one of its contexts");
            yield break;
        }

        if (config.Clusters?.FirstOrDefault(c => c.Name == context.Cluster)?.ClusterEndpoint is not { Server: { Length: > 0 } } cluster)
            yield return new(Field, "one whose current context has a cluster with a server");
        else if (cluster.SkipTlsVerify)
            yield return new(Field, "one without insecure-skip-tls-verify: it gives the authority's certificate instead");
        var user = config.Users?.FirstOrDefault(u => u.Name == context.User)?.UserCredentials;
        if (user?.ExternalExecution is not null)
            yield return new(Field, "one whose user has a token or a client certificate, and no 'exec': no program is run to sign in. A service account's token does");
        if (user?.AuthProvider is not null)
            yield return new(Field, "one whose user has a token or a client certificate, and no 'auth-provider', which Kubernetes has removed. A service account's token does");
    }

    /// <summary>The API server of the current context; null when there is none.</summary>
    public static string? Server(Secret kubeconfig) =>
        Read(kubeconfig) is { } config && ContextOf(config) is { } context ? config.Clusters?.FirstOrDefault(c => c.Name == context.Cluster)?.ClusterEndpoint?.Server?.TrimEnd('/') : null;

    private static ContextDetails? ContextOf(K8SConfiguration config) => config.Contexts?.FirstOrDefault(c => c.Name == config.CurrentContext)?.ContextDetails;

    private static K8SConfiguration? Read(Secret kubeconfig)
    {
        try
        {
            using var text = new MemoryStream(Encoding.UTF8.GetBytes(kubeconfig.Reveal()));
            return KubernetesClientConfiguration.LoadKubeConfig(text);
        }
        catch (Exception)
        {
            // Whatever the parser says of it may repeat a part of it.
            return null;
        }
    }
}
