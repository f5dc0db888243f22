using System.ComponentModel.DataAnnotations;

namespace Delivery.Shop.Traffic;

/// <summary>The simulated customers and what they do.</summary>
internal sealed class TrafficOptions
{
    public const string Section = "Traffic";

    /// <summary>Where the customers go. Default: the shop's own address.</summary>
    public Uri? Address { get; set; }

    /// <summary>Requests a second, all pages together. From 0 (none) to 10,000. Default 300.</summary>
    [Range(0, 10_000)]
    public int RequestsPerSecond { get; set; } = 300;

    /// <summary>Distinct customers. From 100 to 1,000,000. Default 4,000.</summary>
    [Range(100, 1_000_000)]
    public int Customers { get; set; } = 4_000;

    /// <summary>Requests under way at the most; what would be more is not sent, and counted. From 1 to 1,000. Default 96.</summary>
    [Range(1, 1_000)]
    public int Parallel { get; set; } = 96;
}
