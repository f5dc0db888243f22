namespace Delivery.Metrics.Health;

/// <summary>About how many bytes a fold holds, kept up where they are taken and freed.</summary>
internal sealed class FoldMemory
{
    /// <summary>Kept for as long as rows are waited for: raw requests and exposures of units.</summary>
    public long Waiting { get; set; }

    /// <summary>Kept for as long as flags are: which units there are, what they met first, what they did, and which failed.</summary>
    public long Units { get; set; }
}
