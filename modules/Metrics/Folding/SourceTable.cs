using System.Globalization;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Folding;

/// <summary>
/// The distinct things that events are measured for; each has a number. An event looks only at those that its name may concern, and
/// the set of those it counts for has a number too: so it is one amount to be applied and one raw event to be kept.
/// </summary>
internal sealed class SourceTable
{
    private readonly List<MeasuredEvents> _sources = [];
    private readonly List<int[]> _sets = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _setNumbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (EventPlan Conversion, EventPlan Request)> _plans = new(StringComparer.Ordinal);
    private (EventPlan Conversion, EventPlan Request) _last;
    private (EventPlan Conversion, EventPlan Request)? _others;
    private string? _lastName;

    public int Count => _sources.Count;

    public MeasuredEvents this[int number] => _sources[number];

    /// <summary>The sets that were met, by number.</summary>
    public IReadOnlyList<int[]> Sets => _sets;

    /// <summary>The number of a source; the same for the same text. All sources are named before the first event.</summary>
    public int NumberOf(MeasuredEvents events)
    {
        var text = JsonSerializer.Serialize(events, Json.Options);
        if (_numbers.TryGetValue(text, out var number))
            return number;
        _numbers.Add(text, number = _sources.Count);
        _sources.Add(events);
        return number;
    }

    /// <summary>The number of a set of sources.</summary>
    public int SetOf(int[] sources)
    {
        var text = string.Join(',', sources.Select(source => source.ToString(CultureInfo.InvariantCulture)));
        if (_setNumbers.TryGetValue(text, out var number))
            return number;
        _setNumbers.Add(text, number = _sets.Count);
        _sets.Add(sources);
        return number;
    }

    /// <summary>Whether a source sums an amount of the event; otherwise each event counts as one.</summary>
    public bool SumsAmount(int source) => _sources[source].Of is MeasureOf.Value or MeasureOf.Duration;

    public void Measure(MetricEvent e, AmountBlock into)
    {
        if (!ReferenceEquals(e.Name, _lastName))
            (_lastName, _last) = (e.Name, PlansOf(e.Name));
        (e.IsRequest ? _last.Request : _last.Conversion).Measure(e, into);
    }

    private (EventPlan Conversion, EventPlan Request) PlansOf(string name)
    {
        if (_plans.TryGetValue(name, out var known))
            return known;
        var named = Numbers(source => source.Event == name);
        if (named.Length == 0)
            return _others ??= (new EventPlan(this, []), new EventPlan(this, Numbers(source => source.Event is null)));
        known = (new EventPlan(this, named), new EventPlan(this, [.. named, .. Numbers(source => source.Event is null)]));
        _plans.Add(name, known);
        return known;
    }

    private int[] Numbers(Func<MeasuredEvents, bool> where) => [.. _sources.Index().Where(source => where(source.Item)).Select(source => source.Index)];
}
