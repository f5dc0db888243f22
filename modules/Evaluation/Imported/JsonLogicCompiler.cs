using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>Compiles JSONLogic (jsonlogic.com) with flagd's operations. <c>$ref</c> is resolved by the import.</summary>
internal sealed class JsonLogicCompiler(Dependencies dependencies)
{
    private const int MaximumDepth = 128;
    private int _depth;
    private int _elementDepth;

    /// <exception cref="FormatException">An operation is unknown, or the expression is too deep.</exception>
    internal static JsonLogicNode Compile(JsonElement expression, Dependencies dependencies) =>
        new JsonLogicCompiler(dependencies).Node(expression);

    private JsonLogicNode Node(JsonElement json)
    {
        if (++_depth > MaximumDepth)
            throw new FormatException($"an expression deeper than {MaximumDepth}");
        var node = json.ValueKind switch
        {
            JsonValueKind.Array => new LogicList([.. json.EnumerateArray().Select(Node)]),
            JsonValueKind.Object when json.GetPropertyCount() == 1 => Operation(json.EnumerateObject().First()),
            _ => new LogicLiteral(AttributeValue.From(json)),
        };
        _depth--;
        return node;
    }

    private JsonLogicNode Operation(JsonProperty member)
    {
        var name = member.Name;
        if (JsonLogicIterations.Find(name) is { } iteration)
            return new LogicForm(iteration, Iteration(member.Value));
        var arguments = Arguments(member.Value);
        switch (name)
        {
            case "var":
                return Variable(arguments);
            case "missing" or "missing_some":
                ReadMissing(arguments);
                return new LogicForm(name == "missing" ? JsonLogicForms.Missing : JsonLogicForms.MissingSome, arguments);
            case "fractional":
                dependencies.Attributes.Add(Attributes.TargetingKey);
                return new LogicForm(FlagdOperations.Fractional, arguments);
        }

        if (JsonLogicForms.Find(name) is { } form)
            return new LogicForm(form, arguments);
        if (JsonLogicOperations.Find(name) is { } operation)
            return new LogicCall(operation, arguments);
        if (FlagdOperations.Find(name) is { } flagd)
            return new LogicCall(flagd, arguments);
        throw new FormatException($"an expression with the unknown operation {name}");
    }

    private JsonLogicNode[] Arguments(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().Select(Node)] : [Node(json)];

    private LogicVariable Variable(JsonLogicNode[] arguments)
    {
        var name = arguments.Length > 0 ? arguments[0] : new LogicLiteral(AttributeValue.From(""));
        if (_elementDepth == 0)
            Read(name);
        return new LogicVariable(name, arguments.Length > 1 ? arguments[1] : null);
    }

    private void Read(JsonLogicNode name)
    {
        var path = name is LogicLiteral literal ? JavaScript.ToText(literal.Value) : "";
        if (path.StartsWith("$flagd.", StringComparison.Ordinal))
            return;
        dependencies.Attributes.Add(path.Length == 0 ? AttributesRead.Any : path);
    }

    private void ReadMissing(JsonLogicNode[] arguments)
    {
        foreach (var argument in arguments)
        {
            if (argument is LogicList list)
                ReadMissing(list.Items);
            else if (argument is LogicLiteral { Value.Kind: AttributeKind.Number })
                continue;
            else
                Read(argument);
        }
    }

    // In the second argument of map and the like, names are relative to the element.
    private JsonLogicNode[] Iteration(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() < 2)
            throw new FormatException("an expression that iterates without a list and an operation");
        var nodes = new List<JsonLogicNode>();
        foreach (var argument in json.EnumerateArray())
        {
            var relative = nodes.Count == 1;
            _elementDepth += relative ? 1 : 0;
            nodes.Add(Node(argument));
            _elementDepth -= relative ? 1 : 0;
        }

        return [.. nodes];
    }
}

/// <summary>Answers the two questions the engine has for an expression.</summary>
internal static class JsonLogicEvaluation
{
    /// <summary>The variant an expression names; null for none.</summary>
    internal static string? VariantName(JsonLogicNode expression, string flagKey, EvaluationContext context, out string? error)
    {
        error = null;
        var value = expression.Evaluate(new LogicScope { Context = context, FlagKey = flagKey });
        switch (value.Kind)
        {
            case AttributeKind.String:
                return value.Text;
            case AttributeKind.Boolean:
                return value.Boolean ? "true" : "false";
            case AttributeKind.Missing or AttributeKind.Null:
                return null;
            case AttributeKind.Object when value.Members.Names.Length == 0:
                return null;
            default:
                error = $"the expression gave {value.Kind}, not the name of a variant";
                return null;
        }
    }
}

internal sealed class JsonLogicMatcher(JsonLogicNode expression) : Matcher
{
    internal override bool Matches(in MatchScope scope) =>
        JsonLogicOperations.IsTruthy(expression.Evaluate(new LogicScope { Context = scope.Context, FlagKey = "" }));

    internal override ConditionTrace Explain(in MatchScope scope) => new("jsonLogic", Matches(scope));
}
