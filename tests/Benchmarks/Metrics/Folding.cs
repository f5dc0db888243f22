using BenchmarkDotNet.Attributes;
using Delivery.Contracts.Exposures;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;

namespace Delivery.Benchmarks.Metrics;

/// <summary>
/// The fold of release health alone, on rows in memory: 1,000,000 rows, half exposures and half requests, one core. Divide by the time for
/// rows a second; "allocated" over <see cref="Units"/> bounds the memory a unit costs.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(WholeRuns))]
public class Folding
{
    private const int Rows = 1_000_000;
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    private RecordedExposure[] _exposures = [];
    private MetricEvent[] _named = [];
    private MetricEvent[] _joined = [];

    [Params(10_000, 500_000)]
    public int Units { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(7);
        EvaluatedFlag[][] flags = [[new("checkout", "on", 3)], [new("checkout", "off", 3)]];
        _exposures = new RecordedExposure[Rows / 2];
        _named = new MetricEvent[Rows / 2];
        for (var i = 0; i < Rows / 2; i++)
        {
            var unit = (ulong)random.Next(Units) * 0x9E3779B97F4A7C15;
            var time = Start.AddMilliseconds(i);
            var variant = (int)(unit >> 63);
            _exposures[i] = new RecordedExposure(
                i, NextId(random), "production", "checkout", variant == 0 ? "on" : "off", "", unit, "SPLIT", null, 3, 3, time, time);
            _named[i] = new MetricEvent(
                i, NextId(random), "production", "request", "", unit, null, random.Next(20_000, 400_000), random.Next(100) == 0, time, time, flags[variant], null);
        }

        _joined = [.. _named.Select(e => e with { Flags = null })];
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public int ReleaseHealthOfRequestsThatNameTheirFlags() => Fold(_named);

    [Benchmark(OperationsPerInvoke = Rows)]
    public int ReleaseHealthOfRequestsJoinedByUnit() => Fold(_joined);

    private int Fold(MetricEvent[] events)
    {
        var fold = new ReleaseFold(new FoldLimits());
        foreach (var exposure in _exposures)
            fold.Apply(exposure);
        foreach (var metricEvent in events)
            fold.Apply(metricEvent);
        return fold.Units;
    }

    private static Guid NextId(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
