using System.ComponentModel.DataAnnotations;

namespace Delivery.Rollouts;

/// <summary>The <c>Rollouts</c> section of the configuration.</summary>
internal sealed class RolloutOptions
{
    public const string Section = "Rollouts";

    /// <summary>How often every live rollout is looked at, in seconds; 0.1 to 86,400. The default is 1.</summary>
    [Range(0.1, 86_400)]
    public double LookEverySeconds { get; set; } = 1;
}
