using System.ComponentModel.DataAnnotations;

namespace Delivery.Shop.Demo;

/// <summary>What the demo sets up. It runs when <c>Delivery:AdminKey</c> is given.</summary>
internal sealed class DemoOptions
{
    public const string Section = "Demo";

    /// <summary>Whether a start after the demo has ended plays it again, with new flags and rollouts numbered 2, 3, ... Default false.</summary>
    public bool Repeat { get; set; }

    /// <summary>The stages of all three rollouts, in order. At least one.</summary>
    [MinLength(1)]
    public IList<DemoStage> Stages { get; } = [];

    /// <summary>A latency guardrail's margin, in milliseconds at the 95th percentile. From 1 to 10,000. Default 100.</summary>
    [Range(1, 10_000)]
    public double LatencyMarginMilliseconds { get; set; } = 100;

    /// <summary>An error guardrail's margin, in percentage points of failing customers. From 0.1 to 100. Default 2.</summary>
    [Range(0.1, 100)]
    public double ErrorMarginPoints { get; set; } = 2;
}

/// <summary>A stage as configured.</summary>
internal sealed class DemoStage
{
    /// <summary>Its name.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>The exposed part of everyone, in percent.</summary>
    public double ExposurePercent { get; set; }

    /// <summary>Whether the dev team gets it from this stage on, whatever the percentage.</summary>
    public bool DevTeam { get; set; }

    /// <summary>How long the stage lasts at the least, in seconds.</summary>
    public double MinimumSeconds { get; set; }

    /// <summary>Exposures of the released variant in the stage at the least.</summary>
    public long MinimumExposures { get; set; }
}
