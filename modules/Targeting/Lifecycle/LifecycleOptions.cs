using System.ComponentModel.DataAnnotations;

namespace Delivery.Targeting.Lifecycle;

/// <summary>When a flag counts as stale. Section <c>Delivery:Lifecycle</c>; all times in whole days.</summary>
internal sealed class LifecycleOptions
{
    public const string Section = "Delivery:Lifecycle";

    /// <summary>A flag that nobody met for so many days is unused. 1 to 3,650; the default is 30.</summary>
    [Range(1, 3_650)]
    public int UnusedAfterDays { get; set; } = 30;

    /// <summary>A flag that gave everybody who met it the same variant for so many days has done its work. 1 to 3,650; the default is 30.</summary>
    [Range(1, 3_650)]
    public int OneVariantAfterDays { get; set; } = 30;

    /// <summary>The share of exposures, in percent, from which on one variant counts as everybody's. 50 to 100; the default is 99.9.</summary>
    [Range(50.0, 100.0)]
    public double DominantPercent { get; set; } = 99.9;

    /// <summary>A configuration that gives everybody the same variant, unchanged for so many days, is rolled out. 1 to 3,650; the default is 30.</summary>
    [Range(1, 3_650)]
    public int RolledOutAfterDays { get; set; } = 30;

    /// <summary>A flag older than so many days is old. 1 to 3,650; the default is 180.</summary>
    [Range(1, 3_650)]
    public int OldAfterDays { get; set; } = 180;

    /// <summary>A flag that no code refers to can be removed once nobody met it for so many days: old releases may still ask for it. 0 to 3,650; the default is 7.</summary>
    [Range(0, 3_650)]
    public int QuietDays { get; set; } = 7;

    /// <summary>Flags with this tag are meant to stay; only their expiry is told. The default is <c>permanent</c>.</summary>
    [Required]
    public string PermanentTag { get; set; } = "permanent";

    /// <summary>How long counts of exposures are used before they are asked for again, in seconds. 0 to 3,600; the default is 60.</summary>
    [Range(0, 3_600)]
    public int UsageSeconds { get; set; } = 60;
}
