using System.Text;

namespace Delivery.Evaluation;

/// <summary>
/// flagd's <c>fractional</c>, <c>[bucketBy, [variant, weight], ...]</c>: murmur3-x86-32 of the text to bucket by (flag key +
/// targeting key where none is named), scaled to the sum of weights. What is malformed gives null.
/// </summary>
internal sealed class LogicFractional : JsonLogicNode
{
    private readonly JsonLogicNode[] _arguments;
    private readonly bool _isSpread;
    private readonly byte[] _flagKey;

    // The usual forms: the parts are known, only the unit is not.
    private Part[]? _all;
    private Part[]? _rest;

    internal LogicFractional(JsonLogicNode[] arguments, bool isSpread, string flagKey)
    {
        _arguments = arguments;
        _isSpread = isSpread;
        _flagKey = Encoding.UTF8.GetBytes(flagKey);
    }

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        if (_all is not null)
            return ByTargetingKey(scope, _all);
        if (_rest is null)
            return Assign(scope);
        var by = _arguments[0].Evaluate(scope);
        if (by.IsFailed)
            return by;
        return by.Kind == AttributeKind.String ? Choose(PrefixedHash.Murmur3([], by.Text, seed: 0), _rest) : Assign(scope);
    }

    internal override bool IsConstant(bool element) => false;

    internal override void FoldParts(bool isLenient)
    {
        FoldEach(_arguments, isLenient);
        if (_isSpread || _arguments.Length == 0 || !Array.TrueForAll(_arguments[1..], argument => argument is LogicLiteral))
            return;
        var values = _arguments[1..].Select(argument => ((LogicLiteral)argument).Value).ToArray();
        _rest = Parts(values);
        if (_arguments[0] is LogicLiteral { Value.Kind: AttributeKind.Array } first)
            _all = Parts([first.Value, .. values]);
    }

    private AttributeValue Assign(in LogicScope scope)
    {
        var values = new AttributeValue[_arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _arguments[i].Evaluate(scope);
            if (values[i].IsFailed)
                return AttributeValue.Failed;
        }

        if (_isSpread && values is [{ Kind: AttributeKind.Array }])
            values = values[0].Elements;
        if (values.Length == 0)
            return AttributeValue.Null;
        if (values[0].Kind != AttributeKind.String)
            return Parts(values) is { } all ? ByTargetingKey(scope, all) : AttributeValue.Null;
        return Parts(values.AsSpan(1)) is { } parts ? Choose(PrefixedHash.Murmur3([], values[0].Text, seed: 0), parts) : AttributeValue.Null;
    }

    private AttributeValue ByTargetingKey(in LogicScope scope, Part[] parts) => scope.Context.TargetingKey is { } targetingKey
        ? Choose(PrefixedHash.Murmur3(_flagKey, targetingKey, seed: 0), parts)
        : AttributeValue.Null;

    private static AttributeValue Choose(uint hash, Part[] parts)
    {
        var total = 0ul;
        foreach (ref readonly var part in parts.AsSpan())
            total += part.Weight;
        if (total > int.MaxValue)
            return AttributeValue.Null;
        var bucket = (hash * total) >> 32;
        var end = 0ul;
        foreach (ref readonly var part in parts.AsSpan())
        {
            end += part.Weight;
            if (bucket < end)
                return part.Variant;
        }

        return AttributeValue.Null;
    }

    // A part is [variant] (weight 1) or [variant, weight]; a weight below zero counts as none.
    private static Part[]? Parts(ReadOnlySpan<AttributeValue> values)
    {
        var parts = new Part[values.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (values[i].Kind != AttributeKind.Array || values[i].Elements is not { Length: 1 or 2 } part || part[0].Kind >= AttributeKind.Array)
                return null;
            if (part.Length == 2 && (part[1].Kind != AttributeKind.Number || Math.Truncate(part[1].Number) != part[1].Number))
                return null;
            var weight = part.Length == 2 ? part[1].Number : 1;
            parts[i] = new Part(part[0].IsMissingOrNull ? AttributeValue.Null : part[0], (ulong)Math.Clamp(weight, 0, uint.MaxValue));
        }

        return parts;
    }

    private readonly record struct Part(AttributeValue Variant, ulong Weight);
}
