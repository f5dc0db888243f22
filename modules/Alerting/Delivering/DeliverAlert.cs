using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Alerting.Delivering;

/// <summary>Deliver an alert to one of its team's channels; durable, so that a crash delays an alert and never loses it.</summary>
/// <param name="AlertId">The alert.</param>
/// <param name="Channel">The channel's key.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Correlation">The conversation it belongs to; null in messages from before it was carried.</param>
public sealed record DeliverAlert(string AlertId, string Channel, int Attempt, string? Correlation = null);

/// <summary>Asks for the attempt.</summary>
public static class DeliverAlertHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static async Task Handle(DeliverAlert message, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(sender);
        var audit = Audit.Platform("alerting", message.Correlation ?? $"alert:{message.AlertId}");
        var outcome = await sender.Send(new AttemptDelivery(audit, message.AlertId, message.Channel, message.Attempt), cancellationToken);
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the delivery of {message.AlertId} could not be recorded: {outcome}");
    }
}
