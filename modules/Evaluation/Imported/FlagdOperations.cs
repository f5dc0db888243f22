using System.Text.RegularExpressions;

namespace Delivery.Evaluation;

/// <summary>
/// flagd's additions to JSONLogic (flagd.dev, reference of custom operations; <c>@openfeature/flagd-core</c> 4): sem_ver,
/// starts_with, ends_with. What they can't compare gives null.
/// </summary>
internal static partial class FlagdOperations
{
    internal static LogicCall.Operation? Find(string name) => name switch
    {
        "sem_ver" => CompareVersions,
        "starts_with" => static arguments => BothTexts(arguments, (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        "ends_with" => static arguments => BothTexts(arguments, (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        _ => null,
    };

    private static AttributeValue BothTexts(ReadOnlySpan<AttributeValue> arguments, Func<string, string, bool> test) =>
        arguments is [{ Kind: AttributeKind.String }, { Kind: AttributeKind.String }]
            ? AttributeValue.From(test(arguments[0].Text, arguments[1].Text))
            : AttributeValue.Null;

    private static AttributeValue CompareVersions(ReadOnlySpan<AttributeValue> arguments)
    {
        if (arguments.Length != 3)
            return AttributeValue.Null;
        var left = JavaScript.ToText(arguments[0]);
        var right = JavaScript.ToText(arguments[2]);
        if (!Version().IsMatch(left) || !Version().IsMatch(right) || !SemanticVersion.TryCompare(left, right, out var order))
            return AttributeValue.Null;
        return JavaScript.ToText(arguments[1]) switch
        {
            "=" => AttributeValue.From(order == 0),
            "!=" => AttributeValue.From(order != 0),
            "<" => AttributeValue.From(order < 0),
            "<=" => AttributeValue.From(order <= 0),
            ">" => AttributeValue.From(order > 0),
            ">=" => AttributeValue.From(order >= 0),
            "^" => AttributeValue.From(SemanticVersion.ShareLeadingNumbers(left, right, count: 1)),
            "~" => AttributeValue.From(SemanticVersion.ShareLeadingNumbers(left, right, count: 2)),
            _ => AttributeValue.Null,
        };
    }

    // One number, two, or a whole version by semver.org 2.0.0; numbers that JavaScript holds exactly.
    [GeneratedRegex(@"^[vV]?(0|[1-9][0-9]{0,14})(\.(0|[1-9][0-9]{0,14})(\.(0|[1-9][0-9]{0,14})(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?)?)?\z", RegexOptions.NonBacktracking)]
    private static partial Regex Version();
}
