namespace Delivery.Evaluation;

/// <summary>What a JSONLogic expression is asked about: a context, and inside map, filter and the like one element.</summary>
internal readonly ref struct LogicScope
{
    internal required EvaluationContext Context { get; init; }

    /// <summary>Key of the flag, for <c>$flagd.flagKey</c> and the default bucketing.</summary>
    internal required string FlagKey { get; init; }

    internal AttributeValue Element { get; init; }

    internal bool HasElement { get; init; }

    internal LogicScope In(AttributeValue element) =>
        new() { Context = Context, FlagKey = FlagKey, Element = element, HasElement = true };
}

/// <summary>A compiled JSONLogic expression.</summary>
internal abstract class JsonLogicNode
{
    internal abstract AttributeValue Evaluate(in LogicScope scope);
}

internal sealed class LogicLiteral(AttributeValue value) : JsonLogicNode
{
    internal AttributeValue Value { get; } = value;

    internal override AttributeValue Evaluate(in LogicScope scope) => Value;
}

internal sealed class LogicList(JsonLogicNode[] items) : JsonLogicNode
{
    internal JsonLogicNode[] Items { get; } = items;

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        var values = new AttributeValue[Items.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = Items[i].Evaluate(scope);
        return AttributeValue.From(values);
    }
}

internal sealed class LogicVariable(JsonLogicNode name, JsonLogicNode? fallback) : JsonLogicNode
{
    private readonly string? _name = name is LogicLiteral literal ? JavaScript.ToText(literal.Value) : null;

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        var path = _name ?? JavaScript.ToText(name.Evaluate(scope));
        var value = Find(path is "null" or "undefined" ? "" : path, scope);
        return value.IsMissingOrNull && fallback is not null ? fallback.Evaluate(scope) : value;
    }

    internal static AttributeValue Find(string path, in LogicScope scope)
    {
        if (scope.HasElement)
            return path.Length == 0 ? scope.Element : Descend(scope.Element, path);
        switch (path)
        {
            case "":
                return AttributeValue.From(scope.Context.Attributes);
            case "$flagd.flagKey":
                return AttributeValue.From(scope.FlagKey);
            case "$flagd.timestamp":
                return scope.Context.Time is { } time ? AttributeValue.From(time.ToUnixTimeSeconds()) : AttributeValue.Null;
        }

        if (scope.Context.TryGet(path, out var value))
            return value;
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && scope.Context.TryGet(path[..dot], out value) ? Descend(value, path[(dot + 1)..]) : AttributeValue.Null;
    }

    private static AttributeValue Descend(AttributeValue value, string path)
    {
        foreach (var part in path.Split('.'))
        {
            if (value.Kind == AttributeKind.Object && value.Members.TryGet(part, out var member))
                value = member;
            else if (value.Kind == AttributeKind.Array && int.TryParse(part, out var at) && at >= 0 && at < value.Elements.Length)
                value = value.Elements[at];
            else
                return AttributeValue.Null;
        }

        return value;
    }
}

/// <summary>An operation whose arguments are all evaluated first.</summary>
internal sealed class LogicCall(LogicCall.Operation operation, JsonLogicNode[] arguments) : JsonLogicNode
{
    internal delegate AttributeValue Operation(ReadOnlySpan<AttributeValue> arguments);

    internal override AttributeValue Evaluate(in LogicScope scope)
    {
        var values = new AttributeValue[arguments.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = arguments[i].Evaluate(scope);
        return operation(values);
    }
}

/// <summary>An operation that decides itself which arguments to evaluate.</summary>
internal sealed class LogicForm(LogicForm.Operation operation, JsonLogicNode[] arguments) : JsonLogicNode
{
    internal delegate AttributeValue Operation(JsonLogicNode[] arguments, in LogicScope scope);

    internal override AttributeValue Evaluate(in LogicScope scope) => operation(arguments, scope);
}
