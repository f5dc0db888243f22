using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;

namespace Delivery.Metrics.Health;

/// <summary>The fold's own figures for <c>/metrics</c> and OpenTelemetry: what it holds, and what it did not count and why.</summary>
internal sealed class FoldTelemetry : IHostedService, IDisposable
{
    private readonly Meter _meter;

    public FoldTelemetry(LiveHealth health, IMeterFactory meters)
    {
        _meter = meters.Create("Delivery.Metrics");
        _meter.CreateObservableCounter("delivery.metrics.fold.rows", () => Rows(health.Gauges().Tally), "{row}", "Rows folded since the replay began, by what became of them.");
        _meter.CreateObservableGauge("delivery.metrics.fold.units", () => health.Gauges().Units, "{unit}", "Units remembered.");
        _meter.CreateObservableGauge("delivery.metrics.fold.cells", () => health.Gauges().Cells, "{cell}", "Cells of flag, version and variant.");
        _meter.CreateObservableGauge("delivery.metrics.fold.ids", () => health.Gauges().RememberedIds, "{id}", "Ids remembered to know repetitions.");
        _meter.CreateObservableGauge("delivery.metrics.fold.bytes", () => health.Gauges() is var held ? held.WaitingBytes + held.UnitBytes : 0, "By", "About how much memory the health of releases holds.");
        _meter.CreateObservableGauge("delivery.metrics.fold.lateness", () => health.Gauges().Lateness.TotalSeconds, "s", "How late rows may come in and are counted: as configured, or less since memory did not do.");
        _meter.CreateObservableGauge("delivery.metrics.fold.unit_share", () => health.Gauges().Sample.Share, "1", "Which share of the units is counted: 1, or less since memory did not do.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> Rows(FoldTally tally) =>
    [
        Of("counted", tally.Counted),
        Of("repeated", tally.Repeated),
        Of("too-late", tally.TooLate),
        Of("from-the-future", tally.FromTheFuture),
        Of("not-sampled", tally.NotSampled),
        Of("over-limit", tally.OverLimit),
    ];

    private static Measurement<long> Of(string fate, long rows) => new(rows, new KeyValuePair<string, object?>("fate", fate));
}
