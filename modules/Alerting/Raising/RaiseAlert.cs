using System.Text.Json;
using Delivery.Alerting.Delivering;
using Delivery.Alerting.Teams;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Marten;
using Mediator;
using Microsoft.Extensions.Options;
using Wolverine.Marten;

namespace Delivery.Alerting.Raising;

/// <summary>Raises an alert. The id names the occurrence, so a fact that arrives twice raises one alert.</summary>
internal sealed record RaiseAlert(
    Audit Audit, string Id, string Kind, string Subject, AlertSeverity Severity, string? Team, string Title, string Detail, JsonElement? Evidence)
    : Command(Audit);

internal sealed class RaiseAlertHandler(IDocumentSession session, IMartenOutbox outbox, IOptions<AlertingOptions> options) : ICommandHandler<RaiseAlert, Outcome>
{
    public async ValueTask<Outcome> Handle(RaiseAlert command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Alert>(Alert.Stream(command.Id), cancellationToken);
        if (stream.Aggregate is not null)
            return new Outcome.Done("alert", command.Id, stream.CurrentVersion ?? 0, Changed: false);
        var owner = command.Team ?? options.Value.OperatorsTeam;
        var team = owner is null ? null : await session.LoadAsync<Team>(Team.Stream(owner), cancellationToken);
        var channels = team?.Channels.Select(c => c.Key).ToList() ?? [];
        stream.AppendOne(new AlertRaised(
            command.Id, command.Kind, command.Subject, command.Severity, owner, command.Title, command.Detail, command.Evidence, channels));
        foreach (var channel in channels)
            await outbox.PublishAsync(new DeliverAlert(command.Id, channel, 1, command.Audit.CorrelationId));
        return new Outcome.Done("alert", command.Id, 1);
    }
}
