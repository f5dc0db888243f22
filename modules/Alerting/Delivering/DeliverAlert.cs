using Delivery.Alerting.Raising;
using Delivery.Alerting.Teams;
using Delivery.Contracts.Commands;
using Delivery.Plugins;
using Marten;
using Mediator;
using Microsoft.Extensions.Logging;

namespace Delivery.Alerting.Delivering;

/// <summary>Deliver an alert to one of its team's channels; durable, so that a crash delays an alert and never loses it.</summary>
/// <param name="AlertId">The alert.</param>
/// <param name="Channel">The channel's key.</param>
/// <param name="Attempt">1 for the first.</param>
public sealed record DeliverAlert(string AlertId, string Channel, int Attempt);

/// <summary>Sends outside any transaction, then records how it went; the record schedules the next attempt.</summary>
public sealed partial class DeliverAlertHandler(IServiceProvider services, ILogger<DeliverAlertHandler> logger)
{
    /// <summary>Called by Wolverine.</summary>
    public async Task Handle(DeliverAlert message, ISender sender, IQuerySession session, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(sender);
        var alert = await session.LoadAsync<Alert>(Alert.Stream(message.AlertId), cancellationToken);
        if (alert?.Deliveries.FirstOrDefault(d => d.Channel == message.Channel) is not { State: DeliveryState.Pending } pending || pending.Attempts >= message.Attempt)
            return;
        var result = await Send(alert, message.Channel, session, cancellationToken);
        if (result is SendResult.Failed failed)
            LogFailed(message.AlertId, message.Channel, message.Attempt, failed.Reason);
        var audit = Audit.Platform("alerting", $"alert:{message.AlertId}");
        var outcome = await sender.Send(new RecordDelivery(audit, message.AlertId, message.Channel, message.Attempt, result), cancellationToken);
        if (outcome is not Outcome.Done)
            throw new InvalidOperationException($"the delivery of {message.AlertId} could not be recorded: {outcome}");
    }

    private async Task<SendResult> Send(Alert alert, string channelKey, IQuerySession session, CancellationToken cancellationToken)
    {
        var team = alert.Team is null ? null : await session.LoadAsync<Team>(Team.Stream(alert.Team), cancellationToken);
        if (team?.Channels.FirstOrDefault(c => c.Key == channelKey) is not { } channel)
            return new SendResult.Failed("the team has no such channel any more", Retryable: false);
        var kinds = (ChannelKinds)services.GetService(typeof(ChannelKinds))!;
        if (!kinds.ByKind.TryGetValue(channel.Kind, out var sends))
            return new SendResult.Failed($"no channel of kind '{channel.Kind}' is loaded", Retryable: true);
        var secret = await session.LoadAsync<ChannelSecret>(ChannelSecret.Of(team.Key, channelKey), cancellationToken);
        var notification = new Notification(
            $"{alert.AlertId}/{channelKey}", alert.AlertId, alert.Kind, "raised", alert.Severity.ToString().ToLowerInvariant(), team.Key,
            alert.Subject, alert.Title, alert.Detail, alert.Evidence?.GetRawText(), alert.RaisedAt);
        return await sends.SendAsync(notification, new ChannelSettings(channel.Url, secret?.Resolve()), cancellationToken);
    }

    [LoggerMessage(5001, LogLevel.Warning, "Alert {AlertId} was not delivered to {Channel} at attempt {Attempt}: {Reason}")]
    private partial void LogFailed(string alertId, string channel, int attempt, string reason);
}
