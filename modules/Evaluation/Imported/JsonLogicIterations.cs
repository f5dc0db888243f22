namespace Delivery.Evaluation;

/// <summary>
/// JSONLogic's operations over the elements of a list. What is null has no elements; what is no list fails, and so does an
/// evaluation that visits more than <see cref="LogicScope.MaximumSteps"/> elements in all.
/// </summary>
internal static class JsonLogicIterations
{
    internal static LogicForm.Operation? Find(string name) => name switch
    {
        "map" => Map,
        "filter" => Filter,
        "reduce" => Reduce,
        "all" => static (arguments, in scope) => All(arguments, scope),
        "none" => static (arguments, in scope) => Some(arguments, scope, found: false),
        "some" => static (arguments, in scope) => Some(arguments, scope, found: true),
        _ => null,
    };

    private static AttributeValue[]? Elements(JsonLogicNode[] arguments, in LogicScope scope)
    {
        var list = arguments[0].Evaluate(scope);
        if (list.Kind == AttributeKind.Array)
            return list.Elements;
        return list.IsFailed || JavaScript.IsTruthy(list) ? null : [];
    }

    private static AttributeValue Ask(JsonLogicNode question, in AttributeValue element, in LogicScope scope) =>
        scope.MayVisit() ? question.Evaluate(scope.In(element)) : AttributeValue.Failed;

    private static AttributeValue Map(JsonLogicNode[] arguments, in LogicScope scope)
    {
        if (Elements(arguments, scope) is not { } elements)
            return AttributeValue.Failed;
        var mapped = new AttributeValue[elements.Length];
        for (var i = 0; i < mapped.Length; i++)
        {
            mapped[i] = Ask(arguments[1], elements[i], scope);
            if (mapped[i].IsFailed)
                return AttributeValue.Failed;
        }

        return AttributeValue.From(mapped);
    }

    private static AttributeValue Filter(JsonLogicNode[] arguments, in LogicScope scope)
    {
        if (Elements(arguments, scope) is not { } elements)
            return AttributeValue.Failed;
        var kept = new List<AttributeValue>();
        foreach (ref readonly var element in elements.AsSpan())
        {
            var answer = Ask(arguments[1], element, scope);
            if (answer.IsFailed)
                return answer;
            if (JsonLogicOperations.IsTruthy(answer))
                kept.Add(element);
        }

        return AttributeValue.From(kept);
    }

    private static AttributeValue Reduce(JsonLogicNode[] arguments, in LogicScope scope)
    {
        if (Elements(arguments, scope) is not { } elements || (elements.Length == 0 && arguments.Length < 3))
            return AttributeValue.Failed;
        var accumulator = arguments.Length > 2 ? arguments[2].Evaluate(scope) : elements[0];
        foreach (ref readonly var element in elements.AsSpan(arguments.Length > 2 ? 0 : 1))
        {
            if (accumulator.IsFailed || IsNested(accumulator))
                return AttributeValue.Failed;
            var step = new AttributeObject(["current", "accumulator"], [element, accumulator]);
            accumulator = Ask(arguments[1], AttributeValue.From(step), scope);
        }

        return IsNested(accumulator) ? AttributeValue.Failed : accumulator;
    }

    // A list of lists could grow with every step.
    private static bool IsNested(in AttributeValue value) => value.Kind switch
    {
        AttributeKind.Array => Array.Exists(value.Elements, element => element.Kind >= AttributeKind.Array),
        AttributeKind.Object => Array.Exists(value.Members.Values.ToArray(), member => member.Kind >= AttributeKind.Array),
        _ => false,
    };

    private static AttributeValue All(JsonLogicNode[] arguments, in LogicScope scope)
    {
        if (Elements(arguments, scope) is not { } elements)
            return AttributeValue.Failed;
        foreach (ref readonly var element in elements.AsSpan())
        {
            var answer = Ask(arguments[1], element, scope);
            if (answer.IsFailed)
                return answer;
            if (!JsonLogicOperations.IsTruthy(answer))
                return JsonLogicOperations.Truth(false);
        }

        return JsonLogicOperations.Truth(elements.Length > 0);
    }

    private static AttributeValue Some(JsonLogicNode[] arguments, in LogicScope scope, bool found)
    {
        if (Elements(arguments, scope) is not { } elements)
            return AttributeValue.Failed;
        foreach (ref readonly var element in elements.AsSpan())
        {
            var answer = Ask(arguments[1], element, scope);
            if (answer.IsFailed)
                return answer;
            if (JsonLogicOperations.IsTruthy(answer))
                return JsonLogicOperations.Truth(found);
        }

        return JsonLogicOperations.Truth(!found);
    }
}
