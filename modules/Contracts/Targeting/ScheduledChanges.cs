using System.Text.Json;
using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Writes changes down to be made together at a time. An environment that requires approval takes them through a proposal only.</summary>
/// <param name="Audit">Who, why.</param>
/// <param name="At">When: in the future, at most 731 days ahead.</param>
/// <param name="Changes">What, in order; 1 to 50. All are made, or none.</param>
public sealed record ScheduleChange(Audit Audit, DateTimeOffset At, IReadOnlyList<FlagChange> Changes) : Command(Audit);

/// <summary>Takes a scheduled change back before it is made. Repeating it changes nothing.</summary>
public sealed record CancelScheduledChange(Audit Audit, string Key) : Command(Audit);

/// <summary>Asks for scheduled changes, the next due first.</summary>
/// <param name="Flag">Only those that change this flag; null for all.</param>
/// <param name="Environment">Only those that change something in this environment; null for all.</param>
/// <param name="State">Only those in this state; null for all.</param>
/// <param name="By">Only those this principal scheduled; null for all.</param>
public sealed record ListScheduledChanges(string? Flag = null, string? Environment = null, ScheduledChangeState? State = null, string? By = null)
    : IQuery<IReadOnlyList<ScheduledChangeView>>;

/// <summary>Asks for one scheduled change, with what it changes; null when there is none.</summary>
public sealed record FindScheduledChange(string Key) : IQuery<ScheduledChangeView?>;

/// <summary>Where a scheduled change stands.</summary>
public enum ScheduledChangeState
{
    /// <summary>Waits for its time.</summary>
    Pending = 1,

    /// <summary>The platform made it.</summary>
    Applied = 2,

    /// <summary>Somebody took it back.</summary>
    Cancelled = 3,

    /// <summary>At its time it did not apply any more; nothing was changed.</summary>
    Failed = 4,
}

/// <summary>A scheduled change as people and programs see it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="At">When it is to be made.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Changes">What, in order.</param>
/// <param name="ScheduledBy">Who wrote it down.</param>
/// <param name="ScheduledAt">When.</param>
/// <param name="Comment">Why.</param>
/// <param name="Proposal">The proposal it was approved in, or null.</param>
/// <param name="EndedAt">When it was applied, cancelled or failed.</param>
/// <param name="LateSeconds">How long after its time the platform looked at it, in seconds; null before.</param>
/// <param name="Reason">Why it failed, in a sentence.</param>
/// <param name="Diff">What it will change, after what is due before it: absent in lists and after its end.</param>
/// <param name="Trouble">Why it would fail if nothing changed until its time; null when it applies.</param>
/// <param name="Version">The stream version.</param>
public sealed record ScheduledChangeView(
    string Key,
    DateTimeOffset At,
    ScheduledChangeState State,
    IReadOnlyList<FlagChange> Changes,
    string ScheduledBy,
    DateTimeOffset ScheduledAt,
    string? Comment,
    string? Proposal,
    DateTimeOffset? EndedAt,
    double? LateSeconds,
    string? Reason,
    IReadOnlyList<FlagDiff>? Diff,
    string? Trouble,
    long Version);

/// <summary>What differs in one flag.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Differences">Member by member; empty when nothing does.</param>
public sealed record FlagDiff(string Flag, IReadOnlyList<Difference> Differences);

/// <summary>One member that differs between two versions.</summary>
/// <param name="Path">Where, such as <c>environments.production.configuration.rules[0].serve</c>.</param>
/// <param name="Before">The value in the older version; absent when it was not there.</param>
/// <param name="After">The value in the newer version; absent when it is no longer there.</param>
public sealed record Difference(string Path, JsonElement? Before, JsonElement? After);
