using System.Globalization;
using System.Text.Json;
using Delivery.Alerting.Handling;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Rollouts;
using Mediator;

namespace Delivery.Alerting.Raising;

/// <summary>A stopped release is its owner's business, at once.</summary>
public static class RolloutAbortedHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static async Task Handle(RolloutAborted fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        var by = fact.Cause switch
        {
            AbortCause.Breaker => "stopped by the circuit breaker",
            AbortCause.Guardrail => "stopped by a guardrail",
            AbortCause.Person => "stopped by a person",
            AbortCause.FlagGone => "stopped because its flag changed",
            _ => throw new ArgumentOutOfRangeException(nameof(fact), fact.Cause, "no such cause"),
        };
        var severity = fact.Cause is AbortCause.Breaker or AbortCause.Guardrail ? AlertSeverity.Critical : AlertSeverity.Info;
        var evidence = fact.Evidence is null ? (JsonElement?)null : JsonSerializer.SerializeToElement(fact.Evidence, Json.Options);
        await AlertingFacts.Raise(sender, new RaiseAlert(
            AlertingFacts.Audit(fact.Rollout, fact.Correlation), $"release-aborted.{fact.Rollout}", "release-aborted", $"rollout/{fact.Rollout}", severity,
            fact.Owner, $"{fact.Rollout} was {by}", fact.Reason, evidence), cancellationToken);
    }
}

/// <summary>A release without data can't be judged; its owner is told that it holds.</summary>
public static class RolloutBlindHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(RolloutBlind fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        var occurrence = fact.At.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            AlertingFacts.Audit(fact.Rollout, fact.Correlation), $"release-blind.{fact.Rollout}.{occurrence}", "release-blind", $"rollout/{fact.Rollout}",
            AlertSeverity.Warning, fact.Owner, $"{fact.Rollout} holds: no data", fact.Reason, null), cancellationToken);
    }
}

/// <summary>A release that sees again needs nobody any more.</summary>
public static class RolloutSeesAgainHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static async Task Handle(RolloutSeesAgain fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        var open = await sender.Send(new ListAlerts(Limit: 1_000), cancellationToken);
        foreach (var alert in open.Where(a => a.Kind == "release-blind" && a.Subject == $"rollout/{fact.Rollout}" && a.State != AlertState.Resolved))
            await sender.Send(new ResolveAlert(AlertingFacts.Audit(fact.Rollout, fact.Correlation), alert.Id, "data flows again"), cancellationToken);
    }
}

internal static class AlertingFacts
{
    public static Audit Audit(string rollout, string? correlation) => Contracts.Commands.Audit.Platform("alerting", correlation ?? $"rollout:{rollout}");

    /// <summary>A refusal here is a defect: the message is retried and then kept as a dead letter, not lost.</summary>
    public static async Task Raise(ISender sender, RaiseAlert command, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(command, cancellationToken);
        // Stale: two facts of one occurrence came at the same moment, and the other one raised it.
        if (outcome is not (Outcome.Done or Outcome.Stale))
            throw new InvalidOperationException($"the alert {command.Id} could not be raised: {outcome}");
    }
}
