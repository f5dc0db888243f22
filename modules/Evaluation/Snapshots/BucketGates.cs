using System.Globalization;
using System.Runtime.CompilerServices;

namespace Delivery.Evaluation;

/// <summary>A compiled <see cref="BucketFilter"/>.</summary>
internal sealed class FilterPlan
{
    private readonly UnitReference _unit;
    private readonly Bucketer _bucketer;
    private readonly (ulong First, ulong Last)[] _ranges;

    private FilterPlan(UnitReference unit, Bucketer bucketer, (ulong First, ulong Last)[] ranges)
    {
        _unit = unit;
        _bucketer = bucketer;
        _ranges = ranges;
    }

    internal static FilterPlan Compile(BucketFilter filter, Dependencies dependencies)
    {
        var unit = new UnitReference(filter.UnitAttribute, filter.FallbackUnitAttributes, filter.RandomUnit);
        if (filter.TotalWeight <= 0)
            throw new FormatException("a filter without a total weight");
        var bucketer = Bucketer.Create(filter.Algorithm, filter.Salt, filter.TotalWeight)
            ?? throw new FormatException($"the bucketing algorithm {filter.Algorithm}, which this version does not know");
        dependencies.Read(unit);
        return new FilterPlan(unit, bucketer, BucketRanges.Bounds(bucketer, filter.Ranges.Select(range => (range.Start, range.End))));
    }

    [SkipLocalsInit]
    internal FallThrough Check(EvaluationContext context, Tracer? tracer)
    {
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        if (!_unit.TryFind(context, scratch, out var unit))
        {
            tracer?.Bucket("filter", _unit.Name, null, null, passed: false);
            return FallThrough.UnitAttributeMissing;
        }

        var bucket = _bucketer.Bucket(unit);
        var inside = BucketRanges.Contain(_ranges, bucket);
        tracer?.Bucket("filter", _unit.Name, unit.ToString(), _bucketer.Fraction(bucket), inside, BucketRanges.InWords(_bucketer, _ranges));
        return inside ? FallThrough.None : FallThrough.OutsideFilter;
    }
}

/// <summary>A compiled layer: one bucket per unit.</summary>
internal sealed class LayerPlan(Layer definition)
{
    internal Layer Definition { get; } = definition;

    internal UnitReference Unit { get; } = new(definition.UnitAttribute);

    internal NativeBucketer Bucketer { get; } = new(
        definition.Salt.Length == 0 ? $"layer/{definition.Key}" : definition.Salt, Math.Max(1, definition.TotalWeight));

    internal LayerGate? GateOf(string flag, string rule)
    {
        var slots = Definition.Slots.Where(slot => slot.Flag == flag && (slot.Rule is null || slot.Rule == rule)).ToArray();
        return slots.Length == 0
            ? null
            : new LayerGate(this, BucketRanges.Bounds(Bucketer, slots.Select(slot => (slot.Start, slot.End))));
    }
}

/// <summary>The buckets of a layer in which a rule is open.</summary>
internal sealed class LayerGate(LayerPlan layer, (ulong First, ulong Last)[] ranges)
{
    internal string Layer => layer.Definition.Key;

    [SkipLocalsInit]
    internal FallThrough Check(EvaluationContext context, Tracer? tracer)
    {
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        if (!layer.Unit.TryFind(context, scratch, out var unit))
        {
            tracer?.Bucket($"layer {Layer}", layer.Unit.Name, null, null, passed: false);
            return FallThrough.UnitAttributeMissing;
        }

        var bucket = layer.Bucketer.Bucket(unit);
        var inside = BucketRanges.Contain(ranges, bucket);
        tracer?.Bucket($"layer {Layer}", layer.Unit.Name, unit.ToString(), layer.Bucketer.Fraction(bucket), inside, BucketRanges.InWords(layer.Bucketer, ranges));
        return inside ? FallThrough.None : FallThrough.OutsideLayerSlot;
    }
}

/// <summary>A compiled holdout.</summary>
internal sealed class HoldoutPlan
{
    private readonly NativeBucketer _bucketer;
    private readonly ulong _last;

    internal HoldoutPlan(Holdout definition)
    {
        Definition = definition;
        Unit = new UnitReference(definition.UnitAttribute);
        _bucketer = new NativeBucketer(
            definition.Salt.Length == 0 ? $"holdout/{definition.Key}" : definition.Salt, Split.FullExposure);
        var parts = Math.Clamp(definition.HeldOutPartsPerMillion, 0, Split.FullExposure);
        _last = parts == 0 ? 0 : _bucketer.Bounds(0, parts).Last;
    }

    internal Holdout Definition { get; }

    internal UnitReference Unit { get; }

    [SkipLocalsInit]
    internal bool Holds(EvaluationContext context, Tracer? tracer, out ulong bucket)
    {
        bucket = 0;
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        if (Definition.HeldOutPartsPerMillion <= 0 || !Unit.TryFind(context, scratch, out var unit))
            return false;
        bucket = _bucketer.Bucket(unit);
        tracer?.Bucket("holdout", Unit.Name, unit.ToString(), _bucketer.Fraction(bucket), bucket <= _last, BucketRanges.Below(_bucketer, _last));
        return bucket <= _last;
    }
}

internal static class BucketRanges
{
    internal static (ulong First, ulong Last)[] Bounds(Bucketer bucketer, IEnumerable<(int Start, int End)> ranges) =>
        [.. ranges.Where(range => range.Start < range.End)
            .Select(range => bucketer.Bounds(range.Start, range.End))
            .Where(bounds => bounds.First <= bounds.Last)];

    /// <summary>The ranges as fractions, for people.</summary>
    internal static string InWords(Bucketer bucketer, (ulong First, ulong Last)[] ranges) =>
        ranges.Length == 0 ? "nowhere" : string.Join(" or ", ranges.Select(range => string.Create(
            CultureInfo.InvariantCulture, $"{bucketer.Fraction(range.First):0.####} to {bucketer.Fraction(range.Last):0.####}")));

    internal static string Below(Bucketer bucketer, ulong last) => string.Create(CultureInfo.InvariantCulture, $"below {bucketer.Fraction(last):0.######}");

    internal static bool Contain((ulong First, ulong Last)[] ranges, ulong bucket)
    {
        foreach (ref readonly var range in ranges.AsSpan())
        {
            if (bucket >= range.First && bucket <= range.Last)
                return true;
        }

        return false;
    }
}
