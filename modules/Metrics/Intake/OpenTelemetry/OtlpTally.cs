using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>What became of a span or data point.</summary>
internal enum Fate
{
    /// <summary>It became metric events.</summary>
    Taken = 1,

    /// <summary>It names neither a unit nor a flag's variant and version, so it counts for no arm.</summary>
    Unattributed = 2,

    /// <summary>It is malformed, or can't be kept.</summary>
    Rejected = 3,

    /// <summary>A span inside a request, or an evaluation: the request's own span counts.</summary>
    Inner = 4,

    /// <summary>It says that nothing happened: no measurement, or none since the series' last point.</summary>
    Empty = 5,

    /// <summary>A cumulative point that later ones have included, or from which a series is counted on.</summary>
    Superseded = 6,

    /// <summary>It became metric events that came too late to be counted.</summary>
    TooLate = 7,
}

/// <summary>What came by OTLP since the start of this process, and became of it. Nothing is left out silently.</summary>
internal sealed class OtlpTally
{
    private readonly ConcurrentDictionary<(string Signal, Fate Fate), long> _elements = new();
    private readonly Counter<long> _counter;

    public OtlpTally(IMeterFactory meters) => _counter = meters.Create("Delivery.Metrics").CreateCounter<long>(
        "delivery.metrics.otlp.elements", "{element}", "Spans and data points that came by OTLP, by what became of them");

    public void Add(string signal, Fate fate, long elements)
    {
        if (elements == 0)
            return;
        _elements.AddOrUpdate((signal, fate), elements, (_, before) => before + elements);
        _counter.Add(elements, new("signal", signal), new("fate", Name(fate)));
    }

    public IReadOnlyList<OtlpCount> Read() =>
        [.. _elements.Select(e => new OtlpCount(e.Key.Signal, e.Key.Fate, e.Value)).OrderBy(e => e.Signal, StringComparer.Ordinal).ThenBy(e => e.Fate)];

    private static string Name(Fate fate) => fate switch
    {
        Fate.Taken => "taken",
        Fate.Unattributed => "unattributed",
        Fate.Rejected => "rejected",
        Fate.Inner => "inner",
        Fate.Empty => "empty",
        Fate.Superseded => "superseded",
        Fate.TooLate => "too-late",
        _ => throw new ArgumentOutOfRangeException(nameof(fate), fate, "no such fate"),
    };
}

/// <summary>How many spans or data points had one fate.</summary>
internal sealed record OtlpCount(string Signal, Fate Fate, long Elements);
