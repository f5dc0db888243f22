using Mediator;

namespace Delivery.Contracts.Alerting;

/// <summary>Asks for alerts, newest first.</summary>
/// <param name="State">Only those in this state; null for all.</param>
/// <param name="Team">Only those of this team; null for all.</param>
/// <param name="Limit">At the most so many.</param>
public sealed record ListAlerts(AlertState? State = null, string? Team = null, int Limit = 100) : IQuery<IReadOnlyList<AlertView>>;

/// <summary>Where an alert stands.</summary>
public enum AlertState
{
    /// <summary>Nobody said yet that they look at it.</summary>
    Raised = 1,

    /// <summary>Someone looks at it.</summary>
    Acknowledged = 2,

    /// <summary>Over.</summary>
    Resolved = 3,

    /// <summary>Silent until a time.</summary>
    Snoozed = 4,
}

/// <summary>How bad.</summary>
public enum AlertSeverity
{
    /// <summary>Good to know.</summary>
    Info = 1,

    /// <summary>Look at it today.</summary>
    Warning = 2,

    /// <summary>Look at it now.</summary>
    Critical = 3,
}

/// <summary>An alert as people and programs see it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">What kind: <c>release-aborted</c>, <c>release-blind</c>, ...</param>
/// <param name="Subject">What it is about, such as <c>rollout/new-checkout</c>.</param>
/// <param name="Severity">How bad.</param>
/// <param name="Team">The owner team's key, or null when nobody owns the subject.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Title">One line.</param>
/// <param name="Detail">The sentence with the numbers.</param>
/// <param name="RaisedAt">When.</param>
/// <param name="ResolvedAt">When it was over.</param>
/// <param name="Deliveries">How its delivery to the team's channels went.</param>
public sealed record AlertView(
    string Id,
    string Kind,
    string Subject,
    AlertSeverity Severity,
    string? Team,
    AlertState State,
    string Title,
    string Detail,
    DateTimeOffset RaisedAt,
    DateTimeOffset? ResolvedAt,
    IReadOnlyList<DeliveryView> Deliveries);

/// <summary>One channel's delivery of an alert.</summary>
public sealed record DeliveryView(string Channel, string State, int Attempts, string? LastError, DateTimeOffset? DeliveredAt);
