using System.ComponentModel.DataAnnotations;

namespace Delivery.Exposures.Verifying;

/// <summary>The verifier's settings. Section <c>Exposures:Verifying</c>.</summary>
internal sealed class VerifyingOptions
{
    public const string Section = "Exposures:Verifying";

    /// <summary>How often the newest exposures are sampled. 1 s to 1 day; the default is 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SampleEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many exposures a sample has at the most. 0 (never sample) to 100,000; the default is 500.</summary>
    [Range(0, 100_000)]
    public int SampleRows { get; set; } = 500;

    /// <summary>How many compiled flags, each as of one sequence, are kept in memory; 2,000 ids in the lists of its segments count as one more. 1 to 100,000; the default is 512.</summary>
    [Range(1, 100_000)]
    public int CompiledRulesets { get; set; } = 512;

    /// <summary>How often the flags that were met since the last look are tested for their traffic, and how long the span is whose units are compared with a forecast. 1 min to 7 days; the default is 1 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")]
    public TimeSpan TrafficEvery { get; set; } = TimeSpan.FromHours(1);
}
