using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Delivery.Plugins.Xds;

/// <summary>The plugin's options.</summary>
public sealed class XdsOptions
{
    /// <summary>Where clients reach the control plane: <c>http://</c> or <c>https://</c> with an IP address and a port.</summary>
    [Description("Where clients reach the control plane: http:// or https:// with an IP address and a port. Without TLS, only where the network is trusted.")]
    [Required]
    public Uri? Listen { get; set; }

    /// <summary>With https: the file of the certificate chain, in PEM.</summary>
    [Description("With https: the file of the certificate chain, in PEM.")]
    public string? Certificate { get; set; }

    /// <summary>With https: the certificate's key, in PEM.</summary>
    [Description("With https: the certificate's key, in PEM.")]
    public Secret? CertificateKey { get; set; }

    /// <summary>With https: the file of the authorities, in PEM, one of which must have signed a client's certificate. Default: clients need none.</summary>
    [Description("With https: the file of the authorities, in PEM, one of which must have signed a client's certificate. Default: clients need none.")]
    public string? ClientAuthorities { get; set; }

    /// <summary>What connects; decides what the router can do. Default <see cref="XdsClients.Grpc"/>.</summary>
    [Description("What connects; decides what the router can do: Grpc (proxyless gRPC) or Envoy. Default Grpc.")]
    public XdsClients Clients { get; set; } = XdsClients.Grpc;

    /// <summary>How long a change waits for the clients' answers, in seconds, 0.05 to 4. Default 1; later ones show in the verification.</summary>
    [Description("How long a change waits for the clients' answers, in seconds. Default 1; later ones show in the verification.")]
    [Range(0.05, 4.0)]
    public double AnswerSeconds { get; set; } = 1;

    /// <summary>How many clients may be connected, 1 to 100,000; more are refused. Default 10,000.</summary>
    [Description("How many clients may be connected; more are refused. Default 10000.")]
    [Range(1, 100_000)]
    public int MostClients { get; set; } = 10_000;

    /// <summary>A file that keeps what the routes were told over a restart. Default: none; the server tells it again after a start.</summary>
    [Description("A file that keeps what the routes were told over a restart. Default: none.")]
    public string? StateFile { get; set; }

    /// <summary>The routes by name.</summary>
    [Description("The routes by name.")]
    [Required, MinLength(1)]
    public Dictionary<string, XdsRoute> Routes { get; set; } = [];
}

/// <summary>What connects to the control plane.</summary>
public enum XdsClients
{
    /// <summary>gRPC clients without a proxy: <c>xds:///TARGET</c>.</summary>
    Grpc = 0,

    /// <summary>Envoy.</summary>
    Envoy = 1,
}

/// <summary>A route.</summary>
public sealed class XdsRoute
{
    /// <summary>The listener's name: what gRPC clients dial, <c>xds:///TARGET</c>. Default: the route's name.</summary>
    [Description("The listener's name: what gRPC clients dial, xds:///TARGET. Default: the route's name.")]
    public string? Target { get; set; }

    /// <summary>With Envoy: the address and port that it listens on for the route, such as <c>0.0.0.0:8080</c>.</summary>
    [Description("With Envoy: the IP address and port that it listens on for the route, such as 0.0.0.0:8080.")]
    public string? Address { get; set; }

    /// <summary>With Envoy: whether the deployments speak HTTP/2, as gRPC does. Default false.</summary>
    [Description("With Envoy: whether the deployments speak HTTP/2, as gRPC does. Default false.")]
    public bool Http2 { get; set; }

    /// <summary>The arm that takes everything while nothing was told. Default <c>stable</c>.</summary>
    [Description("The arm that takes everything while nothing was told. Default stable.")]
    [Required]
    public string Stable { get; set; } = "stable";

    /// <summary>The deployments by arm: the IP addresses and ports of its instances, 1 to 256.</summary>
    [Description("The deployments by arm: the IP addresses and ports of its instances, such as 10.0.0.1:5000.")]
    [Required, MinLength(1)]
    public Dictionary<string, List<string>> Arms { get; set; } = [];
}
