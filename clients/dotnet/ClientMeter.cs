using System.Diagnostics.Metrics;

namespace Delivery.Client;

/// <summary>The meter <c>Delivery.Client</c>. Everything is observed, so the hot path pays nothing for it.</summary>
internal sealed class ClientMeter : IDisposable
{
    internal const string Name = "Delivery.Client";

    private readonly Meter _meter = new(Name);

    internal ClientMeter(DeliveryClient client, Connection connection)
    {
        _meter.CreateObservableCounter(
            "delivery.client.acknowledged",
            () => new[] { Of(connection.Exposures.Tally.Acknowledged, "exposure"), Of(connection.Events.Tally.Acknowledged, "event") },
            "{record}", "Exposures and events that the server committed");
        _meter.CreateObservableCounter(
            "delivery.client.lost", () => Losses(client.Losses), "{record}", "Exposures and events that will never be reported, by cause");
        _meter.CreateObservableGauge(
            "delivery.client.queued",
            () => new[] { Of(connection.Exposures.Waiting, "exposure"), Of(connection.Events.Waiting, "event") },
            "{record}", "Exposures and events that wait for their acknowledgement");
        _meter.CreateObservableCounter(
            "delivery.client.without_unit", () => client.WithoutUnit, "{evaluation}", "Evaluations and events not recorded because nobody was named");
        _meter.CreateObservableCounter("delivery.client.faults", () => client.Faults, "{evaluation}", "Evaluations in which the engine threw");
        _meter.CreateObservableGauge("delivery.client.sequence", () => client.Status.Sequence, description: "Configuration sequence in use");
        _meter.CreateObservableGauge("delivery.client.connected", () => client.Status.Connected ? 1 : 0, description: "1 while changes arrive");
    }

    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] Losses(ClientLosses losses) => [.. Of(losses.Exposures, "exposure"), .. Of(losses.Events, "event")];

    private static IEnumerable<Measurement<long>> Of(LossCount losses, string kind) =>
    [
        new(losses.Overflowed, new("kind", kind), new("cause", "overflowed")),
        new(losses.Rejected, new("kind", kind), new("cause", "rejected")),
        new(losses.Abandoned, new("kind", kind), new("cause", "abandoned")),
    ];

    private static Measurement<long> Of(long count, string kind) => new(count, new KeyValuePair<string, object?>("kind", kind));
}
