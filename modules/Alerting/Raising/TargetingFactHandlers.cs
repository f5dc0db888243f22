using System.Text.Json;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Alerting.Raising;

/// <summary>A change that its owners count on was not made, and nobody was there to see it. One alert for a scheduled change and owner.</summary>
public static class ScheduledChangeFailedHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(ScheduledChangeFailed fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", fact.Correlation ?? $"scheduled-change:{fact.ScheduledChange}"),
            $"scheduled-change-failed.{fact.ScheduledChange}{(fact.Owner is { } owner ? $".{owner}" : "")}", "scheduled-change-failed",
            $"scheduled-change/{fact.ScheduledChange}", AlertSeverity.Warning, fact.Owner,
            $"The change of {string.Join(", ", fact.Flags)} that was scheduled for {fact.DueAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC was not made",
            $"{fact.Reason} Nothing was changed. {fact.ScheduledBy} scheduled it.", JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}
