using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Delivery.Plugins.HAProxy;

/// <summary>The plugin's options.</summary>
public sealed class HAProxyOptions
{
    /// <summary>
    /// The stats socket, of level admin: a path such as <c>/run/haproxy/admin.sock</c>, <c>tcp://HOST:PORT</c> (no encryption and no
    /// credentials: loopback only), or <c>tls://HOST:PORT</c> (a TCP proxy of HAProxy itself in front of the socket).
    /// </summary>
    [Description("The stats socket, of level admin: a path such as /run/haproxy/admin.sock, tcp://HOST:PORT (loopback only), or tls://HOST:PORT.")]
    [Required]
    [RegularExpression(@"/.+|(tcp|tls)://[^/@\s]+:[0-9]{1,5}", ErrorMessage = "a socket's absolute path, tcp://HOST:PORT or tls://HOST:PORT")]
    public string Address { get; set; } = "";

    /// <summary>A PEM file with the authority that signed the certificate of a <c>tls</c> address. Default: the machine's authorities.</summary>
    [Description("A PEM file with the authority that signed the certificate of a tls address. Default: the machine's authorities.")]
    public string? AuthorityFile { get; set; }

    /// <summary>A PEM file with the certificate to show at a <c>tls</c> address. Default: none.</summary>
    [Description("A PEM file with the certificate to show at a tls address. Default: none.")]
    public string? CertificateFile { get; set; }

    /// <summary>The certificate's private key, PEM.</summary>
    [Description("The certificate's private key, PEM.")]
    public Secret? CertificateKey { get; set; }

    /// <summary>How long one exchange with the socket may take, in seconds, 0.1 to 60. Default 2.</summary>
    [Description("How long one exchange with the socket may take, in seconds. Default 2.")]
    [Range(0.1, 60)]
    public double Seconds { get; set; } = 2;

    /// <summary>The routes by name.</summary>
    [Description("The routes by name.")]
    [Required, MinLength(1)]
    public Dictionary<string, HAProxyRoute> Routes { get; set; } = [];
}

/// <summary>A route: a frontend that has the section for Delivery (README), and a backend for each arm.</summary>
public sealed class HAProxyRoute
{
    /// <summary>The map's file, as the section names it.</summary>
    [Description("The map's file, as the frontend's section names it.")]
    [Required, RegularExpression(@"/[^\s;@#\\]+", ErrorMessage = "an absolute path without spaces and ; @ # \\")]
    public string Map { get; set; } = "";

    /// <summary>The arm that the section falls back to. Default <c>stable</c>.</summary>
    [Description("The arm that the section falls back to. Default stable.")]
    [Required]
    public string Stable { get; set; } = "stable";

    /// <summary>The backends by arm.</summary>
    [Description("The backends by arm.")]
    [Required, MinLength(1)]
    public Dictionary<string, string> Arms { get; set; } = [];

    /// <summary>The headers that the section looks at, for overrides and stickiness. Default: none.</summary>
    [Description("The headers that the section looks at, for overrides and stickiness. Default: none.")]
    public List<string> Headers { get; set; } = [];

    /// <summary>The cookies that the section looks at, for overrides and stickiness. Default: none.</summary>
    [Description("The cookies that the section looks at, for overrides and stickiness. Default: none.")]
    public List<string> Cookies { get; set; } = [];

    /// <summary>
    /// Whether the map's file is written after each change, so that a reloaded HAProxy routes as before at once; the server must
    /// see the file under the same path. Default false: a reload loses the split until the server tells it again.
    /// </summary>
    [Description("Whether the map's file is written after each change, so that a reloaded HAProxy routes as before. Default false.")]
    public bool WriteMap { get; set; }
}
