using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using JasperFx.Events;

namespace Delivery.Targeting.Scheduling;

/// <summary>Changes were written down to be made at a time.</summary>
/// <param name="Key">The scheduled change's key.</param>
/// <param name="At">When they are to be made.</param>
/// <param name="Changes">What, in order.</param>
/// <param name="StoodOn">Per change, what it was written on.</param>
/// <param name="Proposal">The proposal it was approved in.</param>
internal sealed record ChangeScheduled(
    string Key, DateTimeOffset At, IReadOnlyList<FlagChange> Changes, IReadOnlyList<Footing> StoodOn, string? Proposal = null);

/// <summary>The platform made them.</summary>
/// <param name="DueAt">When they were to be made.</param>
/// <param name="LateSeconds">How much later it was, in seconds.</param>
/// <param name="ScheduledBy">Who wrote them down.</param>
/// <param name="FlagVersions">Per flag that changed, its version then.</param>
internal sealed record ChangeApplied(DateTimeOffset DueAt, double LateSeconds, string ScheduledBy, IReadOnlyDictionary<string, long> FlagVersions);

/// <summary>Somebody took them back.</summary>
internal sealed record ChangeCancelled(DateTimeOffset DueAt, string ScheduledBy);

/// <summary>At their time they did not apply any more; nothing was changed.</summary>
internal sealed record ChangeFailed(DateTimeOffset DueAt, double LateSeconds, string ScheduledBy, string Reason);

/// <summary>A scheduled change: the state of the stream <c>scheduled-change:KEY</c>, kept as a document.</summary>
internal sealed record ScheduledChange
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Key { get; init; }
    public required DateTimeOffset At { get; init; }
    public required IReadOnlyList<FlagChange> Changes { get; init; }
    public required IReadOnlyList<Footing> StoodOn { get; init; }
    public string? Proposal { get; init; }
    public required string ScheduledBy { get; init; }
    public required DateTimeOffset ScheduledAt { get; init; }
    public string? Comment { get; init; }
    public string? CorrelationId { get; init; }
    public ScheduledChangeState State { get; init; } = ScheduledChangeState.Pending;

    /// <summary>Whether it waits for its time; what the clock asks the database for.</summary>
    public bool Pending { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
    public double? LateSeconds { get; init; }
    public string? Reason { get; init; }
    public int Version { get; set; }

    public static string Stream(string key) => $"scheduled-change:{key}";

    public static ScheduledChange Create(IEvent<ChangeScheduled> e) => new()
    {
        Id = Stream(e.Data.Key),
        Key = e.Data.Key,
        At = e.Data.At,
        Changes = e.Data.Changes,
        StoodOn = e.Data.StoodOn,
        Proposal = e.Data.Proposal,
        ScheduledBy = e.UserName ?? "",
        ScheduledAt = e.Timestamp,
        Comment = e.Comment(),
        CorrelationId = e.CorrelationId,
        Pending = true,
        Version = (int)e.Version,
    };

    public ScheduledChange Apply(IEvent<ChangeApplied> e) =>
        Ended(e, ScheduledChangeState.Applied) with { LateSeconds = e.Data.LateSeconds };

    public ScheduledChange Apply(IEvent<ChangeCancelled> e) => Ended(e, ScheduledChangeState.Cancelled);

    public ScheduledChange Apply(IEvent<ChangeFailed> e) =>
        Ended(e, ScheduledChangeState.Failed) with { LateSeconds = e.Data.LateSeconds, Reason = e.Data.Reason };

    public bool Touches(string? flag, string? environment) =>
        Changes.Any(change => (flag is null || change.Flag == flag) && (environment is null || change.In is null || change.In == environment));

    private ScheduledChange Ended(IEvent e, ScheduledChangeState state) =>
        this with { State = state, Pending = false, EndedAt = e.Timestamp, Version = (int)e.Version };
}
