using Delivery.Alerting.Raising;
using Delivery.Alerting.Teams;
using Delivery.Contracts.Commands;
using Delivery.Plugins;
using Marten;
using Mediator;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Wolverine;
using Wolverine.Marten;

namespace Delivery.Alerting.Delivering;

/// <summary>Sends an alert to one channel, records how it went, and schedules the next attempt with the record.</summary>
internal sealed record AttemptDelivery(Audit Audit, string AlertId, string Channel, int Attempt) : Command(Audit);

internal static class DeliveryDecisions
{
    /// <summary>Whether this attempt is still wanted: a repeated message finds that it was made.</summary>
    public static bool Wanted(Alert alert, AttemptDelivery command) =>
        alert.Deliveries.FirstOrDefault(d => d.Channel == command.Channel) is { State: DeliveryState.Pending } pending
        && pending.Attempts < command.Attempt;

    /// <summary>What the result means; after <paramref name="retries"/> failures the delivery is a dead letter.</summary>
    public static object Decide(AttemptDelivery command, SendResult result, int retries) => result switch
    {
        SendResult.Delivered => new AlertDelivered(command.Channel, command.Attempt),
        SendResult.Failed { Retryable: true } f when command.Attempt <= retries => new AlertDeliveryFailed(command.Channel, command.Attempt, f.Reason),
        SendResult.Failed f => new AlertDeliveryGivenUp(command.Channel, command.Attempt, f.Reason),
        _ => throw new InvalidOperationException($"unknown result {result.GetType().Name}"),
    };
}

/// <summary>The call to the channel is made before the session opens its transaction, so a slow receiver holds no lock.</summary>
internal sealed partial class AttemptDeliveryHandler(
    IDocumentSession session, IMartenOutbox outbox, ChannelKinds kinds, IOptions<AlertingOptions> options, ILogger<AttemptDeliveryHandler> logger)
    : ICommandHandler<AttemptDelivery, Outcome>
{
    public async ValueTask<Outcome> Handle(AttemptDelivery command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Alert>(Alert.Stream(command.AlertId), cancellationToken);
        if (stream.Aggregate is not { } alert)
            return new Outcome.NotFound("alert", command.AlertId);
        var version = stream.CurrentVersion ?? 0;
        if (!DeliveryDecisions.Wanted(alert, command))
            return new Outcome.Done("alert", command.AlertId, version, Changed: false);
        var result = await Send(alert, command.Channel, cancellationToken);
        if (result is SendResult.Failed failed)
            LogFailed(command.AlertId, command.Channel, command.Attempt, failed.Reason);
        var waits = options.Value.RetryWaitSeconds;
        var decided = DeliveryDecisions.Decide(command, result, waits.Length);
        stream.AppendOne(decided);
        if (decided is AlertDeliveryFailed)
            await outbox.ScheduleAsync(new DeliverAlert(command.AlertId, command.Channel, command.Attempt + 1, command.Audit.CorrelationId), TimeSpan.FromSeconds(waits[command.Attempt - 1]));
        return new Outcome.Done("alert", command.AlertId, version + 1);
    }

    private async Task<SendResult> Send(Alert alert, string channelKey, CancellationToken cancellationToken)
    {
        var team = alert.Team is null ? null : await session.LoadAsync<Team>(Team.Stream(alert.Team), cancellationToken);
        if (team?.Channels.FirstOrDefault(c => c.Key == channelKey) is not { } channel)
            return new SendResult.Failed("the team has no such channel any more", Retryable: false);
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
