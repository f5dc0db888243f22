using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Delivery.Plugins.Kubernetes;

/// <summary>The plugin's options. Where the API server is: <see cref="Server"/>, or <see cref="Kubeconfig"/>, or neither inside a cluster.</summary>
public sealed class KubernetesOptions
{
    /// <summary>Which objects say how traffic is split.</summary>
    [Description("Which objects say how traffic is split: GatewayApi (HTTPRoute) or Istio (VirtualService).")]
    [Required]
    public TrafficApi? Api { get; set; }

    /// <summary>The API server. Default: the kubeconfig's, or the cluster's own.</summary>
    [Description("The API server. Default: the kubeconfig's, or the cluster's own.")]
    public Uri? Server { get; set; }

    /// <summary>With <see cref="Server"/>: the bearer token of a service account that may get, patch and watch the objects.</summary>
    [Description("With Server: the bearer token of a service account that may get, patch and watch the objects.")]
    public Secret? Token { get; set; }

    /// <summary>With <see cref="Server"/>: the file of the authority that signed its certificate, in PEM. Default: the system's authorities.</summary>
    [Description("With Server: the file of the authority that signed its certificate, in PEM. Default: the system's authorities.")]
    public string? CertificateAuthority { get; set; }

    /// <summary>A kubeconfig, whole; its current context is used.</summary>
    [Description("A kubeconfig, whole; its current context is used.")]
    public Secret? Kubeconfig { get; set; }

    /// <summary>The routes by name.</summary>
    [Description("The routes by name: 1 to 50 letters, digits, '-', '_' and '.'.")]
    [Required, MinLength(1)]
    public Dictionary<string, KubernetesRoute> Routes { get; set; } = [];
}

/// <summary>The API that routes traffic.</summary>
public enum TrafficApi
{
    /// <summary>Gateway API: <c>HTTPRoute</c> of <c>gateway.networking.k8s.io/v1</c>.</summary>
    GatewayApi = 0,

    /// <summary>Istio: <c>VirtualService</c> and <c>DestinationRule</c> of <c>networking.istio.io/v1</c>.</summary>
    Istio = 1,
}

/// <summary>A route: one rule of one object.</summary>
public sealed class KubernetesRoute
{
    /// <summary>The object's namespace. Default <c>default</c>.</summary>
    [Description("The object's namespace. Default default.")]
    [Required]
    public string Namespace { get; set; } = "default";

    /// <summary>The name of the HTTPRoute or VirtualService; it is there already.</summary>
    [Description("The name of the HTTPRoute or VirtualService; it is there already.")]
    [Required]
    public string? Name { get; set; }

    /// <summary>The name of the rule in it. Default: the last rule that leads to the route's arms only.</summary>
    [Description("The name of the rule in it. Default: the last rule that leads to the route's arms only.")]
    public string? Rule { get; set; }

    /// <summary>With Istio: the DestinationRule that has the arms' subsets; one that is missing there is added before traffic goes to it.</summary>
    [Description("With Istio: the DestinationRule that has the arms' subsets; one that is missing there is added before traffic goes to it.")]
    public string? DestinationRule { get; set; }

    /// <summary>The arm that takes what rounding leaves. Default <c>stable</c>.</summary>
    [Description("The arm that takes what rounding leaves. Default stable.")]
    [Required]
    public string Stable { get; set; } = "stable";

    /// <summary>The deployments by arm.</summary>
    [Description("The deployments by arm.")]
    [Required, MinLength(1)]
    public Dictionary<string, KubernetesArm> Arms { get; set; } = [];
}

/// <summary>A deployment.</summary>
public sealed class KubernetesArm
{
    /// <summary>The Service's name; with Istio the destination's host.</summary>
    [Description("The Service's name; with Istio the destination's host.")]
    [Required]
    public string? Service { get; set; }

    /// <summary>The Service's port. Needed with Gateway API.</summary>
    [Description("The Service's port. Needed with Gateway API.")]
    [Range(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>With Istio: the subset of the host.</summary>
    [Description("With Istio: the subset of the host.")]
    public string? Subset { get; set; }

    /// <summary>With Istio: the labels of the subset's pods, for a DestinationRule that lacks it.</summary>
    [Description("With Istio: the labels of the subset's pods, for a DestinationRule that lacks it.")]
    public Dictionary<string, string> Labels { get; set; } = [];
}
