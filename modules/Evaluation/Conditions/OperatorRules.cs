using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>How many values of which type each operator takes.</summary>
internal static class OperatorRules
{
    /// <summary>What is wrong with an attribute condition's values, or null. The regular expression is not looked at.</summary>
    internal static string? Check(Condition.Attribute condition) => condition.Operator switch
    {
        ConditionOperator.Exists => condition.Values.Count == 0 ? null : "takes no values.",
        ConditionOperator.ElementMatches => condition.Element is null ? "needs element, a condition." : null,
        ConditionOperator.Equals => One(condition) ?? Each(condition, IsScalar, "text, a number, true or false"),
        ConditionOperator.In or ConditionOperator.ArrayContainsAny or ConditionOperator.ArrayContainsAll =>
            Some(condition) ?? Each(condition, IsScalar, "text, a number, true or false"),
        ConditionOperator.Contains or ConditionOperator.StartsWith or ConditionOperator.EndsWith =>
            Some(condition) ?? Each(condition, IsText, "text"),
        ConditionOperator.Matches => One(condition) ?? Each(condition, IsText, "a regular expression as text"),
        ConditionOperator.LessThan or ConditionOperator.LessThanOrEqual or ConditionOperator.GreaterThan
            or ConditionOperator.GreaterThanOrEqual => One(condition) ?? Each(condition, IsNumber, "a number"),
        ConditionOperator.ArraySize or ConditionOperator.ArraySizeAtLeast =>
            One(condition) ?? Each(condition, IsSize, "a whole number from 0"),
        ConditionOperator.Before or ConditionOperator.After =>
            One(condition) ?? Each(condition, IsMoment, "an ISO 8601 moment as text, or Unix milliseconds"),
        ConditionOperator.SemVerEqual or ConditionOperator.SemVerLessThan or ConditionOperator.SemVerLessThanOrEqual
            or ConditionOperator.SemVerGreaterThan or ConditionOperator.SemVerGreaterThanOrEqual =>
            One(condition) ?? Each(condition, IsVersion, "a semantic version as text, such as 1.2.3-beta.1"),
        ConditionOperator.IpInNetwork =>
            Some(condition) ?? Each(condition, IsNetwork, "a network as text, such as 10.0.0.0/8 or 2001:db8::/32"),
        _ => "is unknown.",
    };

    private static string? One(Condition.Attribute condition) =>
        condition.Values.Count == 1 ? null : $"takes exactly one value, not {condition.Values.Count}.";

    private static string? Some(Condition.Attribute condition) =>
        condition.Values.Count > 0 ? null : "takes at least one value.";

    private static string? Each(Condition.Attribute condition, Predicate<JsonElement> accepted, string what)
    {
        foreach (var value in condition.Values)
        {
            if (!accepted(value))
                return $"takes {what}, not {Shown(value)}.";
        }

        return null;
    }

    private static string Shown(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
            return "nothing";
        var raw = value.GetRawText();
        return raw.Length <= 60 ? raw : raw[..60] + "...";
    }

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble());

    private static bool IsScalar(JsonElement value) =>
        value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False;

    private static bool IsSize(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var size) && size >= 0;

    private static bool IsMoment(JsonElement value) => Moments.TryRead(AttributeValue.From(value), out _);

    private static bool IsVersion(JsonElement value) => IsText(value) && SemanticVersion.IsValid(value.GetString());

    private static bool IsNetwork(JsonElement value) => IsText(value) && NetworkRange.TryParse(value.GetString()!, out _);
}
