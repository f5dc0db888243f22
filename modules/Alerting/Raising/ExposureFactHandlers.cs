using System.Text.Json;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Mediator;

namespace Delivery.Alerting.Raising;

/// <summary>Exposures that do not verify: targeting did not work as intended, or the record is not true. One alert for a flag and day.</summary>
public static class ExposureMismatchHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(ExposureMismatch fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", $"flag:{fact.Flag}"),
            $"exposure-mismatch.{fact.Flag}.{fact.Environment}.{fact.At.UtcDateTime:yyyy-MM-dd}", "exposure-mismatch", $"flag/{fact.Flag}",
            fact.LikelyCause == "tampered" ? AlertSeverity.Critical : AlertSeverity.Warning, fact.Owner,
            $"Exposures of {fact.Flag} in {fact.Environment} do not verify",
            $"{fact.Mismatches} of {fact.Checked} sampled exposures differ from what the flag gives. Exposure {fact.ExposureId} at position {fact.Position} "
                + $"says {fact.Recorded}; the flag gives {fact.Expected}. Likely cause: {fact.LikelyCause}.",
            JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}

/// <summary>Units do not reach the variants as intended: nothing measured on them is to be trusted. One alert for a flag and day.</summary>
public static class TrafficMismatchHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(TrafficMismatch fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", $"flag:{fact.Flag}"),
            $"traffic-mismatch.{fact.Flag}.{fact.Environment}.{fact.At.UtcDateTime:yyyy-MM-dd}", "traffic-mismatch", $"flag/{fact.Flag}",
            fact.Blocking ? AlertSeverity.Critical : AlertSeverity.Warning, fact.Owner,
            $"The traffic of {fact.Flag} in {fact.Environment} is not as intended", fact.Detail, JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}

/// <summary>Much fewer units meet a flag than was to be expected: its code is not reached, or its exposures are not reported. One alert for a flag and day.</summary>
public static class TrafficFallenHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(TrafficFallen fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", $"flag:{fact.Flag}"),
            $"traffic-fallen.{fact.Flag}.{fact.Environment}.{fact.At.UtcDateTime:yyyy-MM-dd}", "traffic-fallen", $"flag/{fact.Flag}",
            AlertSeverity.Warning, fact.Owner,
            $"{fact.Flag} in {fact.Environment} is met by fewer units than expected", fact.Detail, JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}

/// <summary>The server lost exposures of its own evaluations: answers to who was exposed have a hole. One alert for a server and day.</summary>
public static class ExposuresLostHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static Task Handle(ExposuresLost fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(sender);
        return AlertingFacts.Raise(sender, new RaiseAlert(
            Audit.Platform("alerting", "ledger:exposures"),
            $"exposures-lost.{fact.Source.Replace(':', '-')}.{fact.At.UtcDateTime:yyyy-MM-dd}", "exposures-lost", "ledger/exposures",
            AlertSeverity.Critical, null, "Exposures of the server's own evaluations are lost",
            $"{fact.Lost} so far by {fact.Source}: {fact.Waiting} wait to be written already (Exposures:Served:WaitingEvaluations). The database is too slow "
                + "or does not answer. GET /api/v1/ledger has the count under served.lost.",
            JsonSerializer.SerializeToElement(fact, Json.Options)), cancellationToken);
    }
}
