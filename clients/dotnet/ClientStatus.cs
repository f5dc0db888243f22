namespace Delivery.Client;

/// <summary>Where the configuration in use comes from, and how fresh it is.</summary>
/// <param name="Origin">Where it comes from.</param>
/// <param name="Environment">The environment's key; null without a ruleset.</param>
/// <param name="Sequence">Its configuration sequence; 0 without a ruleset.</param>
/// <param name="Connected">Whether changes arrive at present.</param>
/// <param name="CurrentAsOf">When the client last knew that it was current; null if never in this process.</param>
public sealed record ClientStatus(RulesetOrigin Origin, string? Environment, long Sequence, bool Connected, DateTimeOffset? CurrentAsOf)
{
    /// <summary>True while a newer configuration may exist.</summary>
    public bool IsStale => !Connected;
}

/// <summary>Where a ruleset comes from.</summary>
public enum RulesetOrigin
{
    /// <summary>There is none: evaluations give default values.</summary>
    None,

    /// <summary>The last known one, from the file.</summary>
    Disk,

    /// <summary>From the server, in this process.</summary>
    Server,

    /// <summary>Given by the caller (<see cref="DeliveryClient.Offline"/>).</summary>
    Fixed,
}

/// <summary>What was recorded and will never be reported. Zero everywhere is the normal state.</summary>
/// <param name="Exposures">Lost exposures.</param>
/// <param name="Events">Lost metric events.</param>
public sealed record ClientLosses(LossCount Exposures, LossCount Events)
{
    /// <summary>All losses together.</summary>
    public long Total => Exposures.Total + Events.Total;
}

/// <summary>Losses of one kind, by cause.</summary>
/// <param name="Overflowed">Recorded while the queue was full.</param>
/// <param name="Rejected">Refused by the server, which said why; see the log.</param>
/// <param name="Abandoned">Still unreported when the shutdown deadline passed.</param>
public sealed record LossCount(long Overflowed, long Rejected, long Abandoned)
{
    /// <summary>All causes together.</summary>
    public long Total => Overflowed + Rejected + Abandoned;
}
