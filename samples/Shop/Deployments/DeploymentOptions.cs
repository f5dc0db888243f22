using System.ComponentModel.DataAnnotations;

namespace Delivery.Shop.Deployments;

/// <summary>A version of the shop that is deployed beside others. It asks no flags: the router decides who gets it.</summary>
internal sealed class DeploymentOptions
{
    public const string Section = "Deployment";

    /// <summary>Which version, 1 to 3: 1 is what everybody has; 2 can't sell to who pays by invoice; 3 can, and is faster.</summary>
    [Range(1, 3)]
    public int Version { get; set; }
}
