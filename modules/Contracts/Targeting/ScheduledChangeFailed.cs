namespace Delivery.Contracts.Targeting;

/// <summary>A scheduled change did not apply any more at its time, and nothing was changed; published after commit, once for each owner.</summary>
/// <param name="ScheduledChange">The scheduled change's key.</param>
/// <param name="Owner">The team that owns the flags, or null: those nobody owns.</param>
/// <param name="Flags">The owner's flags that it was to change, by key; at least one.</param>
/// <param name="DueAt">When it was to be made.</param>
/// <param name="ScheduledBy">Who wrote it down.</param>
/// <param name="Reason">Why it does not apply, in a sentence.</param>
public sealed record ScheduledChangeFailed(
    string ScheduledChange, string? Owner, IReadOnlyList<string> Flags, DateTimeOffset DueAt, string ScheduledBy, string Reason)
{
    /// <summary>The conversation in which it was scheduled; what follows from the fact belongs to it.</summary>
    public string? Correlation { get; init; }
}
