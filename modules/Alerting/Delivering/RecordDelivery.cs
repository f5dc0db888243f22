using Delivery.Alerting.Raising;
using Delivery.Contracts.Commands;
using Delivery.Plugins;
using Marten;
using Mediator;
using Wolverine;
using Wolverine.Marten;

namespace Delivery.Alerting.Delivering;

/// <summary>Records how a sending went, and schedules the next attempt in the same transaction.</summary>
internal sealed record RecordDelivery(Audit Audit, string AlertId, string Channel, int Attempt, SendResult Result) : Command(Audit);

internal static class DeliveryDecisions
{
    /// <summary>Waits before attempts 2, 3, ...; after the last the delivery is a dead letter: about 42 minutes in all.</summary>
    public static IReadOnlyList<TimeSpan> Waits { get; } =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30)];

    public static object? Decide(Alert alert, RecordDelivery command)
    {
        var delivery = alert.Deliveries.FirstOrDefault(d => d.Channel == command.Channel);
        if (delivery is not { State: DeliveryState.Pending } || delivery.Attempts >= command.Attempt)
            return null;
        return command.Result switch
        {
            SendResult.Delivered => new AlertDelivered(command.Channel, command.Attempt),
            SendResult.Failed { Retryable: true } f when command.Attempt <= Waits.Count => new AlertDeliveryFailed(command.Channel, command.Attempt, f.Reason),
            SendResult.Failed f => new AlertDeliveryGivenUp(command.Channel, command.Attempt, f.Reason),
            _ => throw new InvalidOperationException($"unknown result {command.Result.GetType().Name}"),
        };
    }
}

internal sealed class RecordDeliveryHandler(IDocumentSession session, IMartenOutbox outbox) : ICommandHandler<RecordDelivery, Outcome>
{
    public async ValueTask<Outcome> Handle(RecordDelivery command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Alert>(Alert.Stream(command.AlertId), cancellationToken);
        if (stream.Aggregate is not { } alert)
            return new Outcome.NotFound("alert", command.AlertId);
        var version = stream.CurrentVersion ?? 0;
        if (DeliveryDecisions.Decide(alert, command) is not { } decided)
            return new Outcome.Done("alert", command.AlertId, version, Changed: false);
        stream.AppendOne(decided);
        if (decided is AlertDeliveryFailed)
            await outbox.ScheduleAsync(new DeliverAlert(command.AlertId, command.Channel, command.Attempt + 1), DeliveryDecisions.Waits[command.Attempt - 1]);
        return new Outcome.Done("alert", command.AlertId, version + 1);
    }
}
