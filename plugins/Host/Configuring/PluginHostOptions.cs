using System.ComponentModel.DataAnnotations;

namespace Delivery.Plugins.Host;

/// <summary>The section <c>Delivery:Plugins</c>.</summary>
public sealed class PluginHostOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Delivery:Plugins";

    /// <summary>
    /// Where plugins are, a folder each. Relative to the server's own folder. Default <c>plugins</c>; when it is set and not
    /// there, the server does not start.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>How long a read, a verification, a dry run or a query may take, in seconds, 0.05 to 600. Default 10.</summary>
    [Range(0.05, 600)]
    public double ReadSeconds { get; set; } = 10;

    /// <summary>How long applying an intent may take, in seconds, 0.05 to 600. Default 15.</summary>
    [Range(0.05, 600)]
    public double ApplySeconds { get; set; } = 15;

    /// <summary>How long one attempt to abort may take, in seconds, 0.05 to 600. Default 5.</summary>
    [Range(0.05, 600)]
    public double AbortSeconds { get; set; } = 5;

    /// <summary>How long a plugin may take to make its port, in seconds, 0.05 to 600. Default 30.</summary>
    [Range(0.05, 600)]
    public double CreateSeconds { get; set; } = 30;

    /// <summary>
    /// How many calls may be inside one instance at once, 1 to 100; as many again are kept free for aborts. A call that hangs keeps its
    /// place: more than these are never stuck. Default 8.
    /// </summary>
    [Range(1, 100)]
    public int MostCalls { get; set; } = 8;

    /// <summary>How long after a cancelled call the plugin may still bring its own answer, in seconds, 0 to 60. Default 0.5.</summary>
    [Range(0, 60)]
    public double GraceSeconds { get; set; } = 0.5;
}
