using Delivery.Alerting.Delivering;
using Delivery.Alerting.Raising;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Marten;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Alerting.Handling;

/// <summary>Says that someone looks at it.</summary>
internal sealed record AcknowledgeAlert(Audit Audit, string Id) : Command(Audit);

/// <summary>Says that it is over.</summary>
internal sealed record ResolveAlert(Audit Audit, string Id, string? Reason) : Command(Audit);

/// <summary>Silences it until a time.</summary>
internal sealed record SnoozeAlert(Audit Audit, string Id, DateTimeOffset Until) : Command(Audit);

/// <summary>Tries a dead letter again.</summary>
internal sealed record RequeueDelivery(Audit Audit, string Id, string Channel) : Command(Audit);

internal static class AlertDecisions
{
    public static object? Acknowledge(Alert alert) =>
        alert.State is AlertState.Acknowledged or AlertState.Resolved ? null : new AlertAcknowledged();

    public static object? Resolve(Alert alert, ResolveAlert command) =>
        alert.State is AlertState.Resolved ? null : new AlertResolved(command.Reason ?? "");

    public static object? Snooze(Alert alert, SnoozeAlert command) =>
        alert.State is AlertState.Resolved || alert.SnoozedUntil == command.Until ? null : new AlertSnoozed(command.Until);

    public static object? Requeue(Alert alert, RequeueDelivery command) =>
        alert.Deliveries.Any(d => d.Channel == command.Channel && d.State == DeliveryState.GivenUp) ? new AlertDeliveryRequeued(command.Channel) : null;
}

internal sealed class AlertCommandHandlers(IDocumentSession session, IMartenOutbox outbox, TimeProvider time)
    : ICommandHandler<AcknowledgeAlert, Outcome>, ICommandHandler<ResolveAlert, Outcome>,
      ICommandHandler<SnoozeAlert, Outcome>, ICommandHandler<RequeueDelivery, Outcome>
{
    public ValueTask<Outcome> Handle(AcknowledgeAlert command, CancellationToken cancellationToken) =>
        Change(command.Id, command.Audit, AlertDecisions.Acknowledge, cancellationToken);

    public ValueTask<Outcome> Handle(ResolveAlert command, CancellationToken cancellationToken) =>
        Change(command.Id, command.Audit, alert => AlertDecisions.Resolve(alert, command), cancellationToken);

    public async ValueTask<Outcome> Handle(SnoozeAlert command, CancellationToken cancellationToken) =>
        command.Until <= time.GetUtcNow()
            ? new Outcome.Invalid("until", "a time in the future")
            : await Change(command.Id, command.Audit, alert => AlertDecisions.Snooze(alert, command), cancellationToken);

    public async ValueTask<Outcome> Handle(RequeueDelivery command, CancellationToken cancellationToken)
    {
        var outcome = await Change(command.Id, command.Audit, alert => AlertDecisions.Requeue(alert, command), cancellationToken);
        if (outcome is Outcome.Done { Changed: true })
            await outbox.PublishAsync(new DeliverAlert(command.Id, command.Channel, 1, command.Audit.CorrelationId));
        return outcome;
    }

    private async ValueTask<Outcome> Change(string id, Audit audit, Func<Alert, object?> decide, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Alert>(Alert.Stream(id), cancellationToken);
        if (stream.Aggregate is not { } alert)
            return new Outcome.NotFound("alert", id);
        var version = stream.CurrentVersion ?? 0;
        if (audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("alert", id, expected, version);
        if (decide(alert) is not { } decided)
            return new Outcome.Done("alert", id, version, Changed: false);
        stream.AppendOne(decided);
        return new Outcome.Done("alert", id, version + 1);
    }
}

internal sealed class ListAlertsHandler(IQuerySession session) : IQueryHandler<ListAlerts, IReadOnlyList<AlertView>>
{
    public async ValueTask<IReadOnlyList<AlertView>> Handle(ListAlerts query, CancellationToken cancellationToken)
    {
        IQueryable<Alert> alerts = session.Query<Alert>();
        if (query.State is { } state)
            alerts = alerts.Where(a => a.State == state);
        if (query.Team is { } team)
            alerts = alerts.Where(a => a.Team == team);
        var newest = await alerts.OrderByDescending(a => a.RaisedAt).Take(query.Limit).ToListAsync(cancellationToken);
        return newest.Select(a => a.View()).ToList();
    }
}
