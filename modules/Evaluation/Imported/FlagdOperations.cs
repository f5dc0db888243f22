namespace Delivery.Evaluation;

/// <summary>
/// flagd's additions to JSONLogic, by flagd.dev's reference of custom operations: fractional, sem_ver, starts_with,
/// ends_with.
/// </summary>
internal static class FlagdOperations
{
    internal static LogicCall.Operation? Find(string name) => name switch
    {
        "sem_ver" => CompareVersions,
        "starts_with" => static arguments => BothTexts(arguments, (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        "ends_with" => static arguments => BothTexts(arguments, (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        _ => null,
    };

    /// <summary>
    /// <c>[bucketBy, [variant, weight], ...]</c>: murmur3-x86-32 of the text to bucket by (flag key + targeting key where
    /// none is named), scaled to the sum of weights.
    /// </summary>
    internal static AttributeValue Fractional(JsonLogicNode[] arguments, in LogicScope scope)
    {
        // Only lists: [["a", 50], ["b", 50]] may also come as one argument.
        if (arguments is [LogicList { Items: [LogicList, ..] } wrapped])
            arguments = wrapped.Items;
        if (arguments.Length == 0)
            return AttributeValue.Null;
        var named = arguments[0] is not LogicList;
        var key = named ? BucketKey(arguments[0].Evaluate(scope)) : DefaultBucketKey(scope);
        if (key is null)
            return AttributeValue.Null;
        var parts = new List<(AttributeValue Variant, int Weight)>();
        for (var i = named ? 1 : 0; i < arguments.Length; i++)
        {
            if (!TryPart(arguments[i].Evaluate(scope), out var part))
                return AttributeValue.Null;
            parts.Add(part);
        }

        return Choose(key, parts);
    }

    private static AttributeValue Choose(string key, List<(AttributeValue Variant, int Weight)> parts)
    {
        var total = parts.Sum(part => (long)part.Weight);
        if (total is <= 0 or > int.MaxValue)
            return AttributeValue.Null;
        var bucket = ((ulong)PrefixedHash.Murmur3([], key, seed: 0) * (ulong)total) >> 32;
        var end = 0ul;
        foreach (var (variant, weight) in parts)
        {
            end += (ulong)weight;
            if (bucket < end)
                return variant;
        }

        return AttributeValue.Null;
    }

    private static string? BucketKey(in AttributeValue value) => value.Kind == AttributeKind.String ? value.Text : null;

    private static string? DefaultBucketKey(in LogicScope scope) =>
        scope.Context.TargetingKey is { } targetingKey ? scope.FlagKey + targetingKey : null;

    // A part is [variant] (weight 1) or [variant, weight].
    private static bool TryPart(in AttributeValue value, out (AttributeValue Variant, int Weight) part)
    {
        part = default;
        if (value.Kind != AttributeKind.Array || value.Elements.Length is 0 or > 2)
            return false;
        var weight = 1d;
        if (value.Elements.Length == 2)
        {
            if (value.Elements[1].Kind != AttributeKind.Number)
                return false;
            weight = value.Elements[1].Number;
        }

        part = (value.Elements[0], (int)Math.Clamp(weight, 0, int.MaxValue));
        return true;
    }

    private static AttributeValue BothTexts(ReadOnlySpan<AttributeValue> arguments, Func<string, string, bool> test) =>
        arguments is [{ Kind: AttributeKind.String }, { Kind: AttributeKind.String }]
            ? AttributeValue.From(test(arguments[0].Text, arguments[1].Text))
            : AttributeValue.From(false);

    private static AttributeValue CompareVersions(ReadOnlySpan<AttributeValue> arguments)
    {
        if (arguments is not [{ Kind: AttributeKind.String }, { Kind: AttributeKind.String }, { Kind: AttributeKind.String }]
            || !SemanticVersion.TryCompare(arguments[0].Text, arguments[2].Text, out var order))
            return AttributeValue.From(false);
        return AttributeValue.From(arguments[1].Text switch
        {
            "=" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            ">=" => order >= 0,
            "^" => SemanticVersion.ShareLeadingNumbers(arguments[0].Text, arguments[2].Text, count: 1),
            "~" => SemanticVersion.ShareLeadingNumbers(arguments[0].Text, arguments[2].Text, count: 2),
            _ => false,
        });
    }
}
