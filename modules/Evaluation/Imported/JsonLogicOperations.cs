namespace Delivery.Evaluation;

/// <summary>
/// JSONLogic's operations on evaluated arguments. The reference is json-logic-engine 5, which flagd's providers run: what
/// is no number in arithmetic, or of the wrong kind, fails the evaluation rather than giving a wrong answer.
/// </summary>
internal static class JsonLogicOperations
{
    /// <summary>Characters a text, and elements a list, may grow to within an expression.</summary>
    private const int MaximumLength = 65_536;

    internal static LogicCall.Operation? Find(string name) => name switch
    {
        "!" => arguments => Truth(!IsTruthy(At(arguments, 0))),
        "!!" => arguments => Truth(IsTruthy(At(arguments, 0))),
        "min" => arguments => Extreme(arguments, Math.Min),
        "max" => arguments => Extreme(arguments, Math.Max),
        "+" => arguments => Fold(arguments, 0, 0, (sum, value) => sum + value),
        "*" => arguments => Fold(arguments, 1, 0, (product, value) => product * value),
        "-" => Subtract,
        "/" => Divide,
        "%" => arguments => arguments.Length < 2 ? AttributeValue.Failed : Fold(arguments[1..], Number(arguments[0]), 0, (rest, value) => rest % value),
        "cat" => Concatenate,
        "substr" => Substring,
        "in" => arguments => Contains(At(arguments, 1), At(arguments, 0)),
        "merge" => Merge,
        _ => null,
    };

    /// <summary>JSONLogic's truth: as JavaScript's, but an empty list and an empty object are false.</summary>
    internal static bool IsTruthy(in AttributeValue value) => value.Kind switch
    {
        AttributeKind.Array => value.Elements.Length > 0,
        AttributeKind.Object => value.Members.Names.Length > 0,
        _ => JavaScript.IsTruthy(value),
    };

    internal static AttributeValue Truth(bool value) => AttributeValue.From(value);

    internal static AttributeValue At(ReadOnlySpan<AttributeValue> arguments, int index) =>
        index < arguments.Length ? arguments[index] : AttributeValue.Missing;

    /// <summary>The number a value counts as; NaN, which fails what computes with it, for text that is none, lists and objects.</summary>
    internal static double Number(in AttributeValue value) => value.Kind switch
    {
        AttributeKind.Missing or AttributeKind.Null => 0,
        AttributeKind.Array or AttributeKind.Object => double.NaN,
        _ => JavaScript.ToNumber(value),
    };

    private static AttributeValue NumberOrFailed(double number) => double.IsNaN(number) ? AttributeValue.Failed : AttributeValue.From(number);

    private static AttributeValue Extreme(ReadOnlySpan<AttributeValue> arguments, Func<double, double, double> choose)
    {
        if (arguments.Length == 0)
            return AttributeValue.Failed;
        foreach (ref readonly var argument in arguments)
        {
            if (argument.Kind != AttributeKind.Number)
                return AttributeValue.Failed;
        }

        return Fold(arguments[1..], arguments[0].Number, 0, choose);
    }

    private static AttributeValue Fold(ReadOnlySpan<AttributeValue> arguments, double start, int from, Func<double, double, double> step)
    {
        for (var i = from; i < arguments.Length; i++)
        {
            var number = Number(arguments[i]);
            if (double.IsNaN(number))
                return AttributeValue.Failed;
            start = step(start, number);
        }

        return NumberOrFailed(start);
    }

    private static AttributeValue Subtract(ReadOnlySpan<AttributeValue> arguments) => arguments.Length switch
    {
        0 => AttributeValue.Failed,
        1 => NumberOrFailed(-Number(arguments[0])),
        _ => Fold(arguments, Number(arguments[0]), 1, (rest, value) => rest - value),
    };

    private static AttributeValue Divide(ReadOnlySpan<AttributeValue> arguments)
    {
        if (arguments.Length == 0)
            return AttributeValue.Failed;
        var quotient = arguments.Length == 1 ? 1 : Number(arguments[0]);
        foreach (ref readonly var argument in arguments.Length == 1 ? arguments : arguments[1..])
        {
            var divisor = Number(argument);
            if (divisor == 0 || double.IsNaN(divisor))
                return AttributeValue.Failed;
            quotient /= divisor;
        }

        return NumberOrFailed(quotient);
    }

    private static AttributeValue Concatenate(ReadOnlySpan<AttributeValue> arguments)
    {
        var text = "";
        foreach (ref readonly var argument in arguments)
        {
            text += argument.IsMissingOrNull ? "" : JavaScript.ToText(argument);
            if (text.Length > MaximumLength)
                return AttributeValue.Failed;
        }

        return AttributeValue.From(text);
    }

    private static AttributeValue Substring(ReadOnlySpan<AttributeValue> arguments)
    {
        if (At(arguments, 0).Kind != AttributeKind.String)
            return AttributeValue.Failed;
        var text = arguments[0].Text;
        var start = Position(Integer(At(arguments, 1)), text.Length);
        if (arguments.Length < 3)
            return AttributeValue.From(text[start..]);
        var length = Integer(arguments[2]);
        var end = length < 0 ? text.Length + Math.Max(length, -text.Length) : start + Math.Min(length, text.Length - start);
        return AttributeValue.From(end > start ? text[start..(int)end] : "");
    }

    private static int Position(double start, int length) => (int)Math.Clamp(start < 0 ? length + start : start, 0, length);

    private static double Integer(in AttributeValue value)
    {
        var number = value.Kind == AttributeKind.Missing ? 0 : JavaScript.ToNumber(value);
        return double.IsNaN(number) ? 0 : Math.Truncate(number);
    }

    private static AttributeValue Contains(in AttributeValue whole, in AttributeValue part)
    {
        if (whole.Kind == AttributeKind.String)
            return Truth(whole.Text.Length > 0 && whole.Text.Contains(JavaScript.ToText(part), StringComparison.Ordinal));
        if (whole.Kind != AttributeKind.Array)
            return JavaScript.IsTruthy(whole) ? AttributeValue.Failed : Truth(false);
        foreach (ref readonly var element in whole.Elements.AsSpan())
        {
            if (JavaScript.AreIdentical(element, part))
                return Truth(true);
        }

        return Truth(false);
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
            if (merged.Count > MaximumLength)
                return AttributeValue.Failed;
        }

        return AttributeValue.From(merged);
    }
}
