using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>
/// Compiles JSONLogic (jsonlogic.com, as json-logic-engine 5 runs it) with flagd's operations. <c>$ref</c> is resolved by
/// the import.
/// </summary>
internal sealed class JsonLogicCompiler(Dependencies dependencies, string flagKey)
{
    private const int MaximumDepth = 128;
    private int _depth;
    private int _elementDepth;

    /// <exception cref="FormatException">An operation is unknown, the expression is too deep, or a constant part of it fails.</exception>
    internal static JsonLogicNode Compile(JsonElement expression, Dependencies dependencies, string flagKey = "") =>
        JsonLogicNode.Fold(new JsonLogicCompiler(dependencies, flagKey).Node(expression));

    private JsonLogicNode Node(JsonElement json)
    {
        if (++_depth > MaximumDepth)
            throw new FormatException($"an expression deeper than {MaximumDepth}");
        var node = json.ValueKind switch
        {
            JsonValueKind.Array => new LogicList([.. json.EnumerateArray().Select(Node)]),
            JsonValueKind.Object => json.GetPropertyCount() switch
            {
                0 => new LogicLiteral(AttributeValue.From(json)),
                1 => Operation(json.EnumerateObject().First()),
                _ => throw new FormatException("an expression with two operations in one object"),
            },
            _ => new LogicLiteral(AttributeValue.From(json)),
        };
        _depth--;
        return node;
    }

    private JsonLogicNode Operation(JsonProperty member)
    {
        var name = member.Name;
        if (JsonLogicIterations.Find(name) is { } iteration)
            return new LogicIteration(iteration, Iteration(member.Value));
        var isSpread = member.Value.ValueKind == JsonValueKind.Object;
        var arguments = Arguments(member.Value);
        switch (name)
        {
            case "var":
                return Variable(arguments);
            case "missing" or "missing_some":
                if (_elementDepth == 0)
                    ReadMissing(name == "missing" ? arguments : arguments[Math.Min(1, arguments.Length)..]);
                return new LogicQuestion(name == "missing" ? JsonLogicForms.Missing : JsonLogicForms.MissingSome, arguments);
            case "fractional":
                dependencies.Attributes.Add(Attributes.TargetingKey);
                return new LogicFractional(arguments, isSpread, flagKey);
        }

        if (JsonLogicComparisons.Find(name) is { } comparison)
            return new LogicForm(comparison, arguments, Folding.Eager);
        if (JsonLogicForms.Find(name) is { } form)
            return new LogicForm(form, arguments, name is not ("if" or "?:") ? Folding.Lazy : FoldingOfIf(arguments.Length));
        if (JsonLogicOperations.Find(name) is { } operation)
            return new LogicCall(operation, arguments, isSpread && name is not ("!" or "!!"));
        if (FlagdOperations.Find(name) is { } flagd)
            return new LogicCall(flagd, arguments, isSpread);
        throw new FormatException($"an expression with the unknown operation {name}");
    }

    private static Folding FoldingOfIf(int arguments) => arguments switch { < 3 => Folding.Lenient, 3 => Folding.Eager, _ => Folding.Lazy };

    private JsonLogicNode[] Arguments(JsonElement json) =>
        json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().Select(Node)] : [Node(json)];

    private LogicVariable Variable(JsonLogicNode[] arguments)
    {
        var name = arguments.Length > 0 ? JsonLogicNode.Fold(arguments[0]) : new LogicLiteral(AttributeValue.From(""));
        if (_elementDepth == 0)
            Read(name);
        return new LogicVariable(name, arguments.Length > 1 ? arguments[1] : null);
    }

    private void Read(JsonLogicNode name)
    {
        var text = name is LogicLiteral { Value.IsMissingOrNull: false } literal ? JavaScript.ToText(literal.Value) : "";
        if (text.Contains("../", StringComparison.Ordinal))
            throw new FormatException("an expression that asks for an outer element (../)");
        if (text.StartsWith("$flagd.", StringComparison.Ordinal))
            return;
        dependencies.Attributes.Add(text.Length == 0 ? AttributesRead.Any : string.Join('.', LogicVariable.Split(text)));
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
        var steps = 0;
        var value = expression.Evaluate(new LogicScope(context, flagKey, ref steps));
        if (!value.IsFailed)
            return value.IsMissingOrNull ? null : JavaScript.ToText(value);
        error = steps > LogicScope.MaximumSteps
            ? $"the expression visits more than {LogicScope.MaximumSteps} elements"
            : "the expression computes or compares what it can't: text as a number, or a list";
        return null;
    }
}

internal sealed class JsonLogicMatcher(JsonLogicNode expression) : Matcher
{
    // What fails does not match.
    internal override bool Matches(in MatchScope scope)
    {
        var steps = 0;
        return JsonLogicOperations.IsTruthy(expression.Evaluate(new LogicScope(scope.Context, "", ref steps)));
    }

    internal override ConditionTrace Explain(in MatchScope scope) => new("jsonLogic", Matches(scope));
}
