using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Delivery.Plugins.Yarp;

/// <summary>The plugin's options.</summary>
public sealed class YarpOptions
{
    /// <summary>Where the proxy listens: one or more http URLs, such as <c>http://127.0.0.1:8080</c>. TLS ends before it.</summary>
    [Description("Where the proxy listens: one or more http URLs, such as http://127.0.0.1:8080. TLS ends before it.")]
    [Required, MinLength(1)]
    public List<Uri> Listen { get; set; } = [];

    /// <summary>The routes by name; a request goes to the one with its host and the longest path prefix.</summary>
    [Description("The routes by name; a request goes to the one with its host and the longest path prefix.")]
    [Required, MinLength(1)]
    public Dictionary<string, YarpRoute> Routes { get; set; } = [];

    /// <summary>
    /// A file that keeps what the routes were told, so that a restarted proxy routes as before at once. Default: none; the server
    /// tells it again after a start, and until then everything goes to the stable arms.
    /// </summary>
    [Description("A file that keeps what the routes were told over a restart. Default: none.")]
    public string? StateFile { get; set; }
}

/// <summary>A route.</summary>
public sealed class YarpRoute
{
    /// <summary>The host it is for. Default: any.</summary>
    [Description("The host it is for. Default: any.")]
    public string? Host { get; set; }

    /// <summary>The path prefix it is for, in whole segments. Default <c>/</c>: all.</summary>
    [Description("The path prefix it is for, in whole segments. Default /: all.")]
    [Required, RegularExpression("/.*", ErrorMessage = "a path that begins with '/'")]
    public string Path { get; set; } = "/";

    /// <summary>The arm that takes everything while nothing was told. Default <c>stable</c>.</summary>
    [Description("The arm that takes everything while nothing was told. Default stable.")]
    [Required]
    public string Stable { get; set; } = "stable";

    /// <summary>The deployments by arm: the URL that paths are appended to.</summary>
    [Description("The deployments by arm: the URL that paths are appended to.")]
    [Required, MinLength(1)]
    public Dictionary<string, Uri> Arms { get; set; } = [];

    /// <summary>How long a request may be without a byte in either direction, in seconds, 0.1 to 3,600. Default 100.</summary>
    [Description("How long a request may be without a byte in either direction, in seconds. Default 100.")]
    [Range(0.1, 3_600)]
    public double SilenceSeconds { get; set; } = 100;

    /// <summary>Bodies up to so many bytes are mirrored, 0 to 10,485,760; requests with larger or unknown ones are not. Default 65,536.</summary>
    [Description("Bodies up to so many bytes are mirrored; requests with larger or unknown ones are not. Default 65536.")]
    [Range(0, 10 * 1024 * 1024)]
    public int MirrorMostBytes { get; set; } = 64 * 1024;
}
