using System.Runtime.CompilerServices;

namespace Delivery.Evaluation;

/// <summary>A compiled split: bounds of buckets instead of percentages.</summary>
internal sealed class SplitPlan
{
    private readonly UnitReference _unit;
    private readonly Bucketer _bucketer;
    private readonly NativeBucketer? _exposure;
    private readonly ulong _lastExposed;
    private readonly bool _nobody;
    private readonly bool _isPlain;
    private readonly FilterPlan[] _filters;
    private readonly BoundRange[] _ranges;

    private SplitPlan(Split split, string salt, Bucketer bucketer, FilterPlan[] filters, BoundRange[] ranges)
    {
        _unit = new UnitReference(split.UnitAttribute, split.FallbackUnitAttributes, split.RandomUnit);
        _bucketer = bucketer;
        _filters = filters;
        _ranges = ranges;
        _nobody = split.ExposurePartsPerMillion <= 0;
        _isPlain = !_nobody && filters.Length == 0 && split.UnitAttribute == Attributes.TargetingKey;
        if (_nobody || split.ExposurePartsPerMillion >= Split.FullExposure)
            return;
        _exposure = new NativeBucketer(salt + "/exposure", Split.FullExposure);
        _lastExposed = _exposure.Bounds(0, split.ExposurePartsPerMillion).Last;
    }

    /// <summary>Compiles a split.</summary>
    /// <exception cref="FormatException">It names an algorithm or variant that is unknown, or has no weights.</exception>
    internal static SplitPlan Compile(Split split, string defaultSalt, Func<string, VariantPlan> variant, Dependencies dependencies)
    {
        var salt = split.Salt.Length == 0 && split.Algorithm == BucketingAlgorithm.XxHash3 ? defaultSalt : split.Salt;
        var total = SplitAllocation.Total(split);
        if (total is <= 0 or > int.MaxValue)
            throw new FormatException("a split without weights, or with weights beyond 2^31");
        var bucketer = Bucketer.Create(split.Algorithm, salt, (int)total)
            ?? throw new FormatException($"the bucketing algorithm {split.Algorithm}, which this version does not know");
        var ranges = new List<BoundRange>();
        foreach (var range in SplitAllocation.Ranges(split))
        {
            var target = variant(range.Variant);
            if (range.Start >= range.End)
                continue;
            var (first, last) = bucketer.Bounds(range.Start, range.End);
            if (first <= last)
                ranges.Add(new BoundRange(first, last, target));
        }

        var plan = new SplitPlan(split, salt, bucketer, [.. split.Filters.Select(filter => FilterPlan.Compile(filter, dependencies))], [.. ranges]);
        dependencies.Read(plan._unit);
        return plan;
    }

    /// <summary>Whether it could decide for a context if that had a targeting key.</summary>
    internal bool NeedsTargetingKeyOf(EvaluationContext context) => context.TargetingKey is null && _unit.Names.Contains(Attributes.TargetingKey);

    internal double Fraction(ulong bucket) => _bucketer.Fraction(bucket);

    /// <summary>Assigns a unit to a variant, or says why not.</summary>
    internal FallThrough Assign(EvaluationContext context, Tracer? tracer, out VariantPlan? variant, out ulong bucket)
    {
        // Most splits: the targeting key, no filter, nobody watching.
        if (!_isPlain || tracer is not null || context.TargetingKey is not { } unit)
            return AssignAny(context, tracer, out variant, out bucket);
        if (_exposure is not null && _exposure.Bucket(unit) > _lastExposed)
        {
            variant = null;
            bucket = 0;
            return FallThrough.NotExposed;
        }

        bucket = _bucketer.Bucket(unit);
        variant = Find(bucket);
        return variant is null ? FallThrough.NotExposed : FallThrough.None;
    }

    [SkipLocalsInit]
    private FallThrough AssignAny(EvaluationContext context, Tracer? tracer, out VariantPlan? variant, out ulong bucket)
    {
        variant = null;
        bucket = 0;
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        foreach (var filter in _filters)
        {
            var outcome = filter.Check(context, tracer);
            if (outcome != FallThrough.None)
                return outcome;
        }

        if (!_unit.TryFind(context, scratch, out var unit))
        {
            tracer?.Bucket("split", _unit.Name, null, null, passed: false);
            return FallThrough.UnitAttributeMissing;
        }

        if (!IsExposed(unit, tracer))
            return FallThrough.NotExposed;
        bucket = _bucketer.Bucket(unit);
        variant = Find(bucket);
        tracer?.Bucket("split", _unit.Name, unit.ToString(), _bucketer.Fraction(bucket), variant is not null, InWords());
        return variant is null ? FallThrough.NotExposed : FallThrough.None;
    }

    private bool IsExposed(ReadOnlySpan<char> unit, Tracer? tracer)
    {
        if (_exposure is null)
        {
            if (_nobody)
                tracer?.Bucket("exposure", _unit.Name, unit.ToString(), null, passed: false, "nowhere: the exposure is 0 %");
            return !_nobody;
        }

        var bucket = _exposure.Bucket(unit);
        var exposed = bucket <= _lastExposed;
        tracer?.Bucket("exposure", _unit.Name, unit.ToString(), _exposure.Fraction(bucket), exposed, BucketRanges.Below(_exposure, _lastExposed));
        return exposed;
    }

    /// <summary>Which buckets get what, for people.</summary>
    private string InWords() => string.Join(", ", _ranges.Select(range => $"{range.Variant.Key}: {BucketRanges.InWords(_bucketer, [(range.First, range.Last)])}"));

    private VariantPlan? Find(ulong bucket)
    {
        foreach (ref readonly var range in _ranges.AsSpan())
        {
            if (bucket >= range.First && bucket <= range.Last)
                return range.Variant;
        }

        return null;
    }

    private readonly record struct BoundRange(ulong First, ulong Last, VariantPlan Variant);
}
