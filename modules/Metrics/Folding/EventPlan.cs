using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Measuring;

namespace Delivery.Metrics.Folding;

/// <summary>What events of one name may count for. What an event has decides at once about all sources without conditions, by bits.</summary>
internal sealed class EventPlan(SourceTable table, int[] sources)
{
    private readonly SourcePart[] _parts = [.. sources.Chunk(SourcePart.Most).Select(part => new SourcePart(table, part))];

    public void Measure(MetricEvent e, AmountBlock into)
    {
        foreach (var part in _parts)
            part.Measure(e, into);
    }
}

/// <summary>At most 64 sources, a bit each.</summary>
internal sealed class SourcePart
{
    /// <summary>How many sources have a bit.</summary>
    public const int Most = 64;

    /// <summary>Conditions can meet in many combinations; beyond so many, each source is a set of its own.</summary>
    private const int MostSets = 1_000;

    private readonly SourceTable _table;
    private readonly int[] _sources;
    private readonly ulong _occurrences;
    private readonly ulong _failures;
    private readonly ulong _values;
    private readonly ulong _durations;
    private readonly (ulong Bit, IReadOnlyList<PropertyCondition> Where)[] _conditions;
    private readonly Dictionary<ulong, int> _sets = [];
    private (ulong Bits, int Set) _last;

    public SourcePart(SourceTable table, int[] sources)
    {
        (_table, _sources) = (table, sources);
        var conditions = new List<(ulong, IReadOnlyList<PropertyCondition>)>();
        foreach (var (at, number) in sources.Index())
        {
            var (source, bit) = (table[number], 1UL << at);
            switch (source.Of)
            {
                case MeasureOf.Occurrences:
                    _occurrences |= bit;
                    break;
                case MeasureOf.Failures:
                    _failures |= bit;
                    break;
                case MeasureOf.Value:
                    _values |= bit;
                    break;
                case MeasureOf.Duration:
                    _durations |= bit;
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(sources), source.Of, "no such measure");
            }

            if (source.Where is { Count: > 0 } where)
                conditions.Add((bit, where));
        }

        _conditions = [.. conditions];
    }

    public void Measure(MetricEvent e, AmountBlock into)
    {
        var bits = _occurrences | (e.Failed == true ? _failures : 0)
            | (e.ValueMicroUnits is null ? 0 : _values) | (e.DurationMicroseconds is null ? 0 : _durations);
        if (bits == 0 || (_conditions.Length > 0 && (bits = Holding(bits, e.Properties)) == 0))
            return;
        var (values, durations) = (bits & _values, bits & _durations);
        if (values != 0)
            Add(bits & ~durations, e, e.ValueMicroUnits!.Value, into);
        if (durations != 0)
            Add(values == 0 ? bits : durations, e, e.DurationMicroseconds!.Value, into);
        if ((values | durations) == 0)
            Add(bits, e, 0, into);
    }

    private ulong Holding(ulong bits, string? properties)
    {
        using var document = properties is null ? null : JsonDocument.Parse(properties);
        foreach (var (bit, where) in _conditions)
        {
            if ((bits & bit) != 0 && (document is null || !EventMatch.Holds(where, document.RootElement)))
                bits &= ~bit;
        }

        return bits;
    }

    private void Add(ulong bits, MetricEvent e, long amount, AmountBlock into)
    {
        if (bits != _last.Bits)
        {
            if (!_sets.ContainsKey(bits) && _sets.Count >= MostSets && !BitOperations.IsPow2(bits))
            {
                for (; bits != 0; bits &= bits - 1)
                    Add(bits & ~(bits - 1), e, amount, into);
                return;
            }

            ref var set = ref CollectionsMarshal.GetValueRefOrAddDefault(_sets, bits, out var known);
            if (!known)
                set = _table.SetOf([.. _sources.Where((_, at) => (bits >> at & 1) != 0)]);
            _last = (bits, set);
        }

        into.Add(new UnitAmount(e.UnitHash, e.Time.UtcTicks, amount, _last.Set));
    }
}
