namespace Delivery.Evaluation;

/// <summary>JSONLogic's operations on evaluated arguments (json-logic-js 2 is the reference).</summary>
internal static class JsonLogicOperations
{
    internal static LogicCall.Operation? Find(string name) => name switch
    {
        "==" => arguments => Truth(JavaScript.AreLooselyEqual(At(arguments, 0), At(arguments, 1))),
        "!=" => arguments => Truth(!JavaScript.AreLooselyEqual(At(arguments, 0), At(arguments, 1))),
        "===" => arguments => Truth(JavaScript.AreIdentical(At(arguments, 0), At(arguments, 1))),
        "!==" => arguments => Truth(!JavaScript.AreIdentical(At(arguments, 0), At(arguments, 1))),
        "!" => arguments => Truth(!IsTruthy(At(arguments, 0))),
        "!!" => arguments => Truth(IsTruthy(At(arguments, 0))),
        "<" => arguments => Truth(Ordered(arguments, Order.Less)),
        "<=" => arguments => Truth(Ordered(arguments, Order.Less | Order.Equal)),
        ">" => arguments => Truth(Ordered(arguments, Order.Greater)),
        ">=" => arguments => Truth(Ordered(arguments, Order.Greater | Order.Equal)),
        "min" => arguments => Extreme(arguments, double.PositiveInfinity, Math.Min),
        "max" => arguments => Extreme(arguments, double.NegativeInfinity, Math.Max),
        "+" => arguments => Fold(arguments, 0, JavaScript.ParseFloat, (sum, value) => sum + value),
        "*" => arguments => Fold(arguments, 1, JavaScript.ParseFloat, (product, value) => product * value),
        "-" => Subtract,
        "/" => arguments => AttributeValue.From(Number(arguments, 0) / Number(arguments, 1)),
        "%" => arguments => AttributeValue.From(Number(arguments, 0) % Number(arguments, 1)),
        "cat" => Concatenate,
        "substr" => Substring,
        "in" => arguments => Truth(Contains(At(arguments, 1), At(arguments, 0))),
        "merge" => Merge,
        "log" => arguments => At(arguments, 0),
        _ => null,
    };

    /// <summary>JSONLogic's truth: as JavaScript's, but an empty list is false.</summary>
    internal static bool IsTruthy(in AttributeValue value) =>
        value.Kind == AttributeKind.Array ? value.Elements.Length > 0 : JavaScript.IsTruthy(value);

    internal static AttributeValue Truth(bool value) => AttributeValue.From(value);

    internal static AttributeValue At(ReadOnlySpan<AttributeValue> arguments, int index) =>
        index < arguments.Length ? arguments[index] : AttributeValue.Missing;

    private delegate double Reader(in AttributeValue value);

    private static double Number(ReadOnlySpan<AttributeValue> arguments, int index) => JavaScript.ToNumber(At(arguments, index));

    // "between": all neighbours in order.
    private static bool Ordered(ReadOnlySpan<AttributeValue> arguments, Order accepted)
    {
        for (var i = 0; i + 1 < Math.Max(2, arguments.Length); i++)
        {
            if (JavaScript.Compare(At(arguments, i), At(arguments, i + 1)) is not { } order || !accepted.Accepts(order))
                return false;
        }

        return true;
    }

    private static AttributeValue Extreme(ReadOnlySpan<AttributeValue> arguments, double start, Func<double, double, double> choose) =>
        Fold(arguments, start, JavaScript.ToNumber, choose);

    private static AttributeValue Fold(ReadOnlySpan<AttributeValue> arguments, double start, Reader read, Func<double, double, double> step)
    {
        foreach (ref readonly var argument in arguments)
            start = step(start, read(argument));
        return AttributeValue.From(start);
    }

    private static AttributeValue Subtract(ReadOnlySpan<AttributeValue> arguments) => AttributeValue.From(
        arguments.Length < 2 ? -Number(arguments, 0) : Number(arguments, 0) - Number(arguments, 1));

    private static AttributeValue Concatenate(ReadOnlySpan<AttributeValue> arguments)
    {
        var text = "";
        foreach (ref readonly var argument in arguments)
            text += argument.IsMissingOrNull ? "" : JavaScript.ToText(argument);
        return AttributeValue.From(text);
    }

    private static AttributeValue Substring(ReadOnlySpan<AttributeValue> arguments)
    {
        var text = JavaScript.ToText(At(arguments, 0));
        var start = Position(Number(arguments, 1), text.Length);
        if (arguments.Length < 3)
            return AttributeValue.From(text[start..]);
        var length = Number(arguments, 2);
        var end = length < 0 ? text.Length + (int)Math.Max(length, -text.Length) : start + (int)Math.Clamp(length, 0, text.Length - start);
        return AttributeValue.From(end > start ? text[start..end] : "");
    }

    private static int Position(double start, int length) =>
        double.IsNaN(start) ? 0 : (int)Math.Clamp(start < 0 ? length + start : start, 0, length);

    private static bool Contains(in AttributeValue whole, in AttributeValue part)
    {
        if (whole.Kind == AttributeKind.String)
            return whole.Text.Contains(JavaScript.ToText(part), StringComparison.Ordinal);
        if (whole.Kind != AttributeKind.Array)
            return false;
        foreach (ref readonly var element in whole.Elements.AsSpan())
        {
            if (JavaScript.AreIdentical(element, part))
                return true;
        }

        return false;
    }

    private static AttributeValue Merge(ReadOnlySpan<AttributeValue> arguments)
    {
        var merged = new List<AttributeValue>();
        foreach (ref readonly var argument in arguments)
        {
            if (argument.Kind == AttributeKind.Array)
                merged.AddRange(argument.Elements);
            else
                merged.Add(argument);
        }

        return AttributeValue.From(merged);
    }
}
