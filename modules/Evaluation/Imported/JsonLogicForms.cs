namespace Delivery.Evaluation;

/// <summary>JSONLogic's operations that evaluate their arguments one by one.</summary>
internal static class JsonLogicForms
{
    internal static LogicForm.Operation? Find(string name) => name switch
    {
        "if" or "?:" => If,
        "and" => And,
        "or" => Or,
        _ => null,
    };

    internal static AttributeValue Missing(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var missing = new List<AttributeValue>();
        foreach (var name in Names(arguments, scope))
        {
            var value = LogicVariable.Find(JavaScript.ToText(name), scope);
            if (value.IsMissingOrNull || (value.Kind == AttributeKind.String && value.Text.Length == 0))
                missing.Add(name);
        }

        return AttributeValue.From(missing);
    }

    internal static AttributeValue MissingSome(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var needed = arguments.Length > 0 ? JavaScript.ToNumber(arguments[0].Evaluate(scope)) : 0;
        var names = Names(arguments[Math.Min(1, arguments.Length)..], scope);
        var missing = Missing(arguments[Math.Min(1, arguments.Length)..], scope);
        return names.Count - missing.Elements.Length >= needed ? AttributeValue.From(Array.Empty<AttributeValue>()) : missing;
    }

    private static List<AttributeValue> Names(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var names = new List<AttributeValue>();
        foreach (var argument in arguments)
        {
            var value = argument.Evaluate(scope);
            if (value.Kind == AttributeKind.Array)
                names.AddRange(value.Elements);
            else
                names.Add(value);
        }

        return names;
    }

    private static AttributeValue If(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var i = 0;
        for (; i + 1 < arguments.Length; i += 2)
        {
            if (JsonLogicOperations.IsTruthy(arguments[i].Evaluate(scope)))
                return arguments[i + 1].Evaluate(scope);
        }

        return i < arguments.Length ? arguments[i].Evaluate(scope) : AttributeValue.Null;
    }

    private static AttributeValue And(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var value = AttributeValue.Missing;
        foreach (var argument in arguments)
        {
            value = argument.Evaluate(scope);
            if (!JsonLogicOperations.IsTruthy(value))
                return value;
        }

        return value;
    }

    private static AttributeValue Or(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var value = AttributeValue.Missing;
        foreach (var argument in arguments)
        {
            value = argument.Evaluate(scope);
            if (JsonLogicOperations.IsTruthy(value))
                return value;
        }

        return value;
    }
}

/// <summary>JSONLogic's operations over the elements of a list.</summary>
internal static class JsonLogicIterations
{
    internal static LogicForm.Operation? Find(string name) => name switch
    {
        "map" => Map,
        "filter" => Filter,
        "reduce" => Reduce,
        "all" => static (arguments, in scope) => JsonLogicOperations.Truth(Count(arguments, scope, out var total) == total && total > 0),
        "none" => static (arguments, in scope) => JsonLogicOperations.Truth(Count(arguments, scope, out _) == 0),
        "some" => static (arguments, in scope) => JsonLogicOperations.Truth(Count(arguments, scope, out _) > 0),
        _ => null,
    };

    private static AttributeValue[] Elements(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var list = arguments[0].Evaluate(scope);
        return list.Kind == AttributeKind.Array ? list.Elements : [];
    }

    private static AttributeValue Map(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var mapped = new List<AttributeValue>();
        foreach (var element in Elements(arguments, scope))
            mapped.Add(arguments[1].Evaluate(scope.In(element)));
        return AttributeValue.From(mapped);
    }

    private static AttributeValue Filter(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var kept = new List<AttributeValue>();
        foreach (var element in Elements(arguments, scope))
        {
            if (JsonLogicOperations.IsTruthy(arguments[1].Evaluate(scope.In(element))))
                kept.Add(element);
        }

        return AttributeValue.From(kept);
    }

    private static AttributeValue Reduce(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var accumulator = arguments.Length > 2 ? arguments[2].Evaluate(scope) : AttributeValue.Null;
        foreach (var element in Elements(arguments, scope))
        {
            var step = new AttributeObject(["current", "accumulator"], [element, accumulator]);
            accumulator = arguments[1].Evaluate(scope.In(AttributeValue.From(step)));
        }

        return accumulator;
    }

    private static int Count(JsonLogicNode[] arguments, in LogicScope scope, out int total)
    {
        var elements = Elements(arguments, scope);
        total = elements.Length;
        var count = 0;
        foreach (var element in elements)
            count += JsonLogicOperations.IsTruthy(arguments[1].Evaluate(scope.In(element))) ? 1 : 0;
        return count;
    }
}
