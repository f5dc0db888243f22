using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Measuring;

namespace Delivery.Metrics.Folding;

/// <summary>The distinct things that events are measured for; each has a number. An event looks only at those that its name may concern.</summary>
internal sealed class SourceTable
{
    private readonly List<MeasuredEvents> _sources = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int[]> _byName = new(StringComparer.Ordinal);
    private int[] _ofRequests = [];

    public int Count => _sources.Count;

    public MeasuredEvents this[int number] => _sources[number];

    /// <summary>The number of a source; the same for the same text.</summary>
    public int NumberOf(MeasuredEvents events)
    {
        var text = JsonSerializer.Serialize(events, Json.Options);
        if (_numbers.TryGetValue(text, out var number))
            return number;
        _numbers.Add(text, number = _sources.Count);
        _sources.Add(events);
        if (events.Event is not { } name)
            _ofRequests = [.. _ofRequests, number];
        else
            _byName[name] = [.. _byName.GetValueOrDefault(name, []), number];
        return number;
    }

    public ReadOnlySpan<int> Named(string name) => _byName.GetValueOrDefault(name);

    public ReadOnlySpan<int> OfRequests => _ofRequests;

    public bool TryMeasure(int number, MetricEvent e, out long amount) => EventMatch.TryMeasure(_sources[number], e, out amount);
}
