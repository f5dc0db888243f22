using System.ComponentModel.DataAnnotations;

namespace Delivery.Metrics.Measuring;

/// <summary>How the moments are kept. Bound from <c>Metrics:Moments</c>.</summary>
internal sealed class MomentOptions
{
    public const string Section = "Metrics:Moments";

    /// <summary>
    /// A snapshot is written after so many rows, or <see cref="SnapshotShare"/> of what the snapshot itself holds if that is more. Fewer
    /// make restarts faster and cost more writing. 1 to 100,000,000; 20,000 by default.
    /// </summary>
    [Range(1, 100_000_000)]
    public int SnapshotRows { get; set; } = 20_000;

    /// <summary>
    /// The part of what a snapshot holds that must have come anew before it is written again: it bounds the writing to a multiple of the
    /// rows, and a restart's replay to this part of what is kept. 0 to 1; 0.25 by default.
    /// </summary>
    [Range(0d, 1d)]
    public double SnapshotShare { get; set; } = 0.25;

    /// <summary>How often it is looked whether a snapshot is due. 100 ms to 1 hour; 5 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan SnapshotLook { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often both pipelines are compared; a comparison that takes long is followed by a pause of ten times as long. 1 s to 1 day; 5 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AuditEvery { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A flag, or a metric of it, that nobody asked for so long is let go when the fold is made anew. 1 hour to 10 years; 30 days by default.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan FollowFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many flags of an environment are followed, each since one version; the ones asked for longest ago are let go. 1 to 64; 32 by default.</summary>
    [Range(1, 64)]
    public int MostFollowed { get; set; } = 32;
}
