using System.Text.Json;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Routing;
using Mediator;

namespace Delivery.Alerting.Raising;

/// <summary>A router lost or changed what it was told: somebody or something else steers the same traffic. One alert for a route and day.</summary>
public static class RouteDriftedHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(RouteDrifted fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", $"route:{fact.Router}:{fact.Route}"),
            $"route-drifted.{fact.Router}.{fact.Route}.{fact.At.UtcDateTime:yyyy-MM-dd}", "route-drifted", $"route/{fact.Router}:{fact.Route}",
            AlertSeverity.Warning, null,
            $"The route {fact.Route} of {fact.Router} was not as it was told",
            $"It was told again. Found: {string.Join("; ", fact.Differences)}.",
            JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}
