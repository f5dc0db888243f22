using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>Checks a condition tree.</summary>
internal static class ConditionValidation
{
    private const string AcceptedKinds = "all, any, not, attribute, segment, flag, growthBook or jsonLogic";

    internal static void Check(ErrorList errors, string path, Condition condition)
    {
        var count = 0;
        Check(errors, path, condition, depth: 1, ref count);
        if (count > Limits.ConditionsPerTree)
            errors.Add(path, $"has {count} conditions; accepted are up to {Limits.ConditionsPerTree}.");
    }

    internal static void CheckExpression(ErrorList errors, string path, JsonElement expression)
    {
        try
        {
            JsonLogicCompiler.Compile(expression, new Dependencies());
        }
        catch (FormatException exception)
        {
            errors.Add(path, $"is {exception.Message}; accepted is JSONLogic with flagd's operations.");
        }
    }

    private static void Check(ErrorList errors, string path, Condition condition, int depth, ref int count)
    {
        count++;
        if (depth > Limits.ConditionDepth)
        {
            errors.Add(path, $"is deeper than {Limits.ConditionDepth}, the depth that is accepted.");
            return;
        }

        switch (condition)
        {
            case Condition.All all:
                CheckEach(errors, $"{path}.all", all.Conditions, depth, ref count);
                break;
            case Condition.Any any:
                CheckEach(errors, $"{path}.any", any.Conditions, depth, ref count);
                break;
            case Condition.Not not:
                Check(errors, $"{path}.not", not.Inner, depth + 1, ref count);
                break;
            case Condition.Attribute attribute:
                CheckAttribute(errors, path, attribute, depth, ref count);
                break;
            case Condition.InSegment segment:
                errors.Key($"{path}.segment", segment.Key);
                break;
            case Condition.FlagServes flag:
                errors.Key($"{path}.flag", flag.Key);
                if (flag.Variants.Count == 0)
                    errors.Add($"{path}.variants", "is empty; name at least one variant of the other flag.");
                break;
            case Condition.GrowthBook growthBook:
                CheckGrowthBook(errors, $"{path}.growthBook", growthBook);
                break;
            case Condition.JsonLogic logic:
                CheckExpression(errors, $"{path}.jsonLogic", logic.Expression);
                break;
            case Condition.Unknown unknown:
                CheckUnknown(errors, path, unknown);
                break;
        }
    }

    private static void CheckEach(ErrorList errors, string path, IReadOnlyList<Condition> conditions, int depth, ref int count)
    {
        for (var i = 0; i < conditions.Count; i++)
            Check(errors, $"{path}[{i}]", conditions[i], depth + 1, ref count);
    }

    private static void CheckAttribute(ErrorList errors, string path, Condition.Attribute attribute, int depth, ref int count)
    {
        if (attribute.Name.Length > Limits.KeyLength)
            errors.Add($"{path}.attribute", $"is {attribute.Name.Length} characters long; accepted are up to {Limits.KeyLength}.");
        if (OperatorRules.Check(attribute) is { } error)
            errors.Add(attribute.Operator == ConditionOperator.ElementMatches ? $"{path}.element" : $"{path}.values", $"{Operators.Word(attribute.Operator)} {error}");
        else if (attribute.Operator == ConditionOperator.Matches
            && !SafeRegex.TryCreate(attribute.Values[0].GetString()!, attribute.IgnoreCase, out _, out var regexError))
            errors.Add($"{path}.values[0]", regexError!);
        if (attribute.Element is not null)
            Check(errors, $"{path}.element", attribute.Element, depth + 1, ref count);
    }

    private static void CheckGrowthBook(ErrorList errors, string path, Condition.GrowthBook condition)
    {
        try
        {
            GrowthBookCompiler.Compile(condition.Query);
        }
        catch (FormatException exception)
        {
            errors.Add(path, $"is {exception.Message}; accepted is a condition of GrowthBook's specification 0.8.0.");
        }
    }

    private static void CheckUnknown(ErrorList errors, string path, Condition.Unknown unknown)
    {
        if (unknown.Content.TryGetProperty("attribute", out _))
            errors.Add($"{path}.operator", $"is missing or unknown; accepted are {string.Join(", ", Operators.Words)}.");
        else
            errors.Add(path, $"is of no known kind; accepted is an object with {AcceptedKinds}.");
    }
}
