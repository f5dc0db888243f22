namespace Delivery.Evaluation;

internal static class ValueComparison
{
    /// <summary>Equal in type and value; arrays and objects in depth.</summary>
    internal static bool AreEqual(in AttributeValue left, in AttributeValue right, StringComparison comparison)
    {
        if (left.Kind != right.Kind)
            return false;
        return left.Kind switch
        {
            AttributeKind.String => string.Equals(left.Text, right.Text, comparison),
            AttributeKind.Number => left.Number.Equals(right.Number) && SameDigits(left, right),
            AttributeKind.Boolean => left.Boolean == right.Boolean,
            AttributeKind.Array => AreEqual(left.Elements, right.Elements, comparison),
            AttributeKind.Object => AreEqual(left.Members, right.Members, comparison),
            _ => true,
        };
    }

    // Two integers beyond 2^53 may share a double: their digits tell.
    private static bool SameDigits(in AttributeValue left, in AttributeValue right) =>
        left.ExactDigits is null || right.ExactDigits is null || left.ExactDigits == right.ExactDigits;

    private static bool AreEqual(AttributeValue[] left, AttributeValue[] right, StringComparison comparison)
    {
        if (left.Length != right.Length)
            return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (!AreEqual(left[i], right[i], comparison))
                return false;
        }

        return true;
    }

    private static bool AreEqual(AttributeObject left, AttributeObject right, StringComparison comparison)
    {
        if (left.Names.Length != right.Names.Length)
            return false;
        for (var i = 0; i < left.Names.Length; i++)
        {
            if (!right.TryGet(left.Names[i], out var other) || !AreEqual(left.Values[i], other, comparison))
                return false;
        }

        return true;
    }
}
