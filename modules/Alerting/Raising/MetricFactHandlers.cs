using System.Text.Json;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Mediator;

namespace Delivery.Alerting.Raising;

/// <summary>A metric's sums are not what its rows give: its owner must know before anyone decides by it. One alert for a metric, flag and day.</summary>
public static class MomentMismatchHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(MomentMismatch fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", $"metric:{fact.Metric}"),
            $"moment-mismatch.{fact.Metric}.{fact.Flag}.{fact.Environment}.{fact.At.UtcDateTime:yyyy-MM-dd}", "moment-mismatch", $"metric/{fact.Metric}",
            AlertSeverity.Critical, fact.Owner, $"The sums of {fact.Metric} for {fact.Flag} in {fact.Environment} do not verify",
            $"{fact.Differences} of {fact.Cells} cells differ from their recomputation by SQL, up to exposure {fact.ExposurePosition} and event {fact.EventPosition}. "
                + $"Version {fact.FlagVersion}, variant {fact.Variant}: in memory {fact.Folded ?? "nothing"}; by SQL {fact.Recomputed ?? "nothing"}. "
                + "A row was changed after it was counted, or one of the pipelines has a defect: do not decide by this metric until it is known.",
            JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}
