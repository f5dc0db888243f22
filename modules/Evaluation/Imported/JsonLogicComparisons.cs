namespace Delivery.Evaluation;

/// <summary>JSONLogic's comparisons: of two values, or of each of several with the next.</summary>
internal static class JsonLogicComparisons
{
    internal static LogicForm.Operation? Find(string name) => name switch
    {
        "===" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => AreIdentical(left, right)),
        "!==" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => !AreIdentical(left, right)),
        "==" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => Loosely(left, right, Order.Equal)),
        "!=" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => Loosely(left, right, Order.Equal) is { } equal ? !equal : null),
        "<" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => Loosely(left, right, Order.Less)),
        "<=" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => Loosely(left, right, Order.Less | Order.Equal)),
        ">" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => Loosely(left, right, Order.Greater)),
        ">=" => static (arguments, in scope) => Chain(arguments, scope, static (in left, in right) => Loosely(left, right, Order.Greater | Order.Equal)),
        _ => null,
    };

    /// <summary>Null: the two can't be compared.</summary>
    private delegate bool? Comparison(in AttributeValue left, in AttributeValue right);

    private static AttributeValue Chain(JsonLogicNode[] arguments, in LogicScope scope, Comparison holds)
    {
        if (arguments.Length < 2)
            return AttributeValue.Failed;
        var left = arguments[0].Evaluate(scope);
        for (var i = 1; i < arguments.Length; i++)
        {
            if (left.IsFailed)
                return left;
            var right = arguments[i].Evaluate(scope);
            if (right.IsFailed)
                return right;
            if (holds(left, right) is not { } held)
                return AttributeValue.Failed;
            if (!held)
                return JsonLogicOperations.Truth(false);
            left = right;
        }

        return JsonLogicOperations.Truth(true);
    }

    // Two lists or objects are identical when they are the same one: the same attribute twice.
    private static bool AreIdentical(in AttributeValue left, in AttributeValue right) => left.Kind == right.Kind && left.Kind switch
    {
        AttributeKind.Array => ReferenceEquals(left.Elements, right.Elements),
        AttributeKind.Object => ReferenceEquals(left.Members, right.Members),
        _ => JavaScript.AreIdentical(left, right),
    };

    // Texts with texts as texts; everything else as numbers. Null is equal to null, and to what counts as zero.
    private static bool? Loosely(in AttributeValue left, in AttributeValue right, Order accepted)
    {
        var areTexts = IsTextOrNull(left) && IsTextOrNull(right);
        if (left.Kind == AttributeKind.String && right.Kind == AttributeKind.String)
            return accepted.Accepts(string.CompareOrdinal(left.Text, right.Text));
        if (areTexts && accepted == Order.Equal)
            return left.IsMissingOrNull && right.IsMissingOrNull;
        var leftNumber = JsonLogicOperations.Number(left);
        var rightNumber = JsonLogicOperations.Number(right);
        if (double.IsNaN(leftNumber) || double.IsNaN(rightNumber))
            return areTexts ? false : null;
        return accepted.Accepts(leftNumber.CompareTo(rightNumber));
    }

    private static bool IsTextOrNull(in AttributeValue value) => value.IsMissingOrNull || value.Kind == AttributeKind.String;
}
