namespace Delivery.Evaluation;

/// <summary>JSONLogic's operations that evaluate their arguments one by one.</summary>
internal static class JsonLogicForms
{
    internal static LogicForm.Operation? Find(string name) => name switch
    {
        "if" or "?:" => If,
        "and" => static (arguments, in scope) => UntilTruthIs(false, arguments, scope),
        "or" => static (arguments, in scope) => UntilTruthIs(true, arguments, scope),
        _ => null,
    };

    /// <summary>The names, of those given, that the context has not. An attribute that is null is there.</summary>
    internal static AttributeValue Missing(JsonLogicNode[] arguments, in LogicScope scope)
    {
        if (Names(arguments, scope) is not { } names)
            return AttributeValue.Failed;
        return MissingOf(names, scope);
    }

    /// <summary>As <see cref="Missing"/>, but nothing is missing once the context has as many as the first argument says.</summary>
    internal static AttributeValue MissingSome(JsonLogicNode[] arguments, in LogicScope scope)
    {
        if (arguments.Length < 2)
            return AttributeValue.Failed;
        var needed = arguments[0].Evaluate(scope);
        var names = arguments[1].Evaluate(scope);
        if (needed.IsFailed || names.Kind != AttributeKind.Array)
            return AttributeValue.Failed;
        var missing = MissingOf(names.Elements, scope);
        return names.Elements.Length - missing.Elements.Length >= JsonLogicOperations.Number(needed) ? AttributeValue.From(Array.Empty<AttributeValue>()) : missing;
    }

    private static AttributeValue MissingOf(AttributeValue[] names, in LogicScope scope)
    {
        var missing = new List<AttributeValue>();
        foreach (var name in names)
        {
            if (LogicVariable.Find(LogicVariable.Split(JavaScript.ToText(name)), scope).Kind == AttributeKind.Missing)
                missing.Add(name);
        }

        return AttributeValue.From(missing);
    }

    private static AttributeValue[]? Names(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var names = new AttributeValue[arguments.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = arguments[i].Evaluate(scope);
            if (names[i].IsFailed)
                return null;
        }

        // {"missing": {"merge": ...}}: a list that was computed.
        return names is [{ Kind: AttributeKind.Array } computed] && arguments[0] is not LogicList ? computed.Elements : names;
    }

    private static AttributeValue If(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var i = 0;
        for (; i + 1 < arguments.Length; i += 2)
        {
            var condition = arguments[i].Evaluate(scope);
            if (condition.IsFailed)
                return condition;
            if (JsonLogicOperations.IsTruthy(condition))
                return arguments[i + 1].Evaluate(scope);
        }

        return i < arguments.Length ? arguments[i].Evaluate(scope) : AttributeValue.Null;
    }

    private static AttributeValue UntilTruthIs(bool decisive, JsonLogicNode[] arguments, in LogicScope scope)
    {
        var value = AttributeValue.Null;
        foreach (var argument in arguments)
        {
            value = argument.Evaluate(scope);
            if (value.IsFailed || JsonLogicOperations.IsTruthy(value) == decisive)
                return value;
        }

        return value;
    }
}
