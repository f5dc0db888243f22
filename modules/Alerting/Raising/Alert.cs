using System.Text.Json;
using Delivery.Contracts.Alerting;
using JasperFx.Events;

namespace Delivery.Alerting.Raising;

/// <summary>Something happened that its owner should know.</summary>
internal sealed record AlertRaised(
    string Id, string Kind, string Subject, AlertSeverity Severity, string? Team, string Title, string Detail, JsonElement? Evidence,
    IReadOnlyList<string> Channels);

/// <summary>Someone looks at it.</summary>
internal sealed record AlertAcknowledged;

/// <summary>It is over.</summary>
internal sealed record AlertResolved(string Reason);

/// <summary>Nobody wants to hear of it before a time.</summary>
internal sealed record AlertSnoozed(DateTimeOffset Until);

/// <summary>A channel took it.</summary>
internal sealed record AlertDelivered(string Channel, int Attempt);

/// <summary>A channel did not take it; it is tried again.</summary>
internal sealed record AlertDeliveryFailed(string Channel, int Attempt, string Reason);

/// <summary>A channel did not take it and is not tried again by itself: a dead letter.</summary>
internal sealed record AlertDeliveryGivenUp(string Channel, int Attempt, string Reason);

/// <summary>A person asked to try a dead letter again.</summary>
internal sealed record AlertDeliveryRequeued(string Channel);

/// <summary>How one channel's delivery stands.</summary>
internal sealed record ChannelDelivery(string Channel, DeliveryState State, int Attempts, string? LastError, DateTimeOffset? DeliveredAt);

internal enum DeliveryState
{
    Pending = 1,
    Delivered = 2,
    GivenUp = 3,
}

/// <summary>An alert.</summary>
internal sealed record Alert
{
    public required string Id { get; init; }
    public required string AlertId { get; init; }
    public required string Kind { get; init; }
    public required string Subject { get; init; }
    public required AlertSeverity Severity { get; init; }
    public string? Team { get; init; }
    public required string Title { get; init; }
    public required string Detail { get; init; }
    public JsonElement? Evidence { get; init; }
    public AlertState State { get; init; } = AlertState.Raised;
    public DateTimeOffset RaisedAt { get; init; }
    public DateTimeOffset? ResolvedAt { get; init; }
    public DateTimeOffset? SnoozedUntil { get; init; }
    public required IReadOnlyList<ChannelDelivery> Deliveries { get; init; }
    public int Version { get; set; }

    public static string Stream(string id) => $"alert:{id}";

    public static Alert Create(IEvent<AlertRaised> e) => new()
    {
        Id = Stream(e.Data.Id),
        AlertId = e.Data.Id,
        Kind = e.Data.Kind,
        Subject = e.Data.Subject,
        Severity = e.Data.Severity,
        Team = e.Data.Team,
        Title = e.Data.Title,
        Detail = e.Data.Detail,
        Evidence = e.Data.Evidence,
        RaisedAt = e.Timestamp,
        Deliveries = e.Data.Channels.Select(c => new ChannelDelivery(c, DeliveryState.Pending, 0, null, null)).ToList(),
    };

    public Alert Apply(AlertAcknowledged e) => this with { State = AlertState.Acknowledged };

    public Alert Apply(IEvent<AlertResolved> e) => this with { State = AlertState.Resolved, ResolvedAt = e.Timestamp };

    public Alert Apply(AlertSnoozed e) => this with { State = AlertState.Snoozed, SnoozedUntil = e.Until };

    public Alert Apply(IEvent<AlertDelivered> e) => With(e.Data.Channel, d => d with
    {
        State = DeliveryState.Delivered,
        Attempts = e.Data.Attempt,
        LastError = null,
        DeliveredAt = e.Timestamp,
    });

    public Alert Apply(AlertDeliveryFailed e) => With(e.Channel, d => d with { Attempts = e.Attempt, LastError = e.Reason });

    public Alert Apply(AlertDeliveryGivenUp e) =>
        With(e.Channel, d => d with { State = DeliveryState.GivenUp, Attempts = e.Attempt, LastError = e.Reason });

    public Alert Apply(AlertDeliveryRequeued e) => With(e.Channel, d => d with { State = DeliveryState.Pending, Attempts = 0 });

    public AlertView View() => new(
        AlertId, Kind, Subject, Severity, Team, State, Title, Detail, RaisedAt, ResolvedAt,
        Deliveries.Select(d => new DeliveryView(d.Channel, State: Word(d.State), d.Attempts, d.LastError, d.DeliveredAt)).ToList());

    private static string Word(DeliveryState state) => state switch
    {
        DeliveryState.Pending => "pending",
        DeliveryState.Delivered => "delivered",
        DeliveryState.GivenUp => "given-up",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "no such state"),
    };

    private Alert With(string channel, Func<ChannelDelivery, ChannelDelivery> change) =>
        this with { Deliveries = Deliveries.Select(d => d.Channel == channel ? change(d) : d).ToList() };
}
