using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>Translates one constraint. What Unleash can't read never holds, there as here.</summary>
internal static partial class UnleashConstraint
{
    /// <summary>Unleash reads RE2, which has POSIX classes inside brackets; .NET has not.</summary>
    private static readonly Dictionary<string, string> PosixClasses = new(StringComparer.Ordinal)
    {
        ["alpha"] = "a-zA-Z",
        ["digit"] = "0-9",
        ["alnum"] = "a-zA-Z0-9",
        ["upper"] = "A-Z",
        ["lower"] = "a-z",
        ["space"] = @"\t\n\v\f\r ",
        ["blank"] = @"\t ",
        ["xdigit"] = "0-9a-fA-F",
        ["word"] = "a-zA-Z0-9_",
        ["punct"] = @"!-/:-@\[-`{-~",
    };

    private static readonly Condition Never = new Condition.Any([]);

    public static (Condition Condition, string? Remark) Read(JsonElement constraint)
    {
        var name = constraint.GetProperty("contextName").GetString()!;
        var value = constraint.TryGetProperty("value", out var one) ? one.ToString() : "";
        var values = Unleash.Items(constraint, "values");
        var ignoreCase = constraint.TryGetProperty("caseInsensitive", out var insensitive) && insensitive.ValueKind == JsonValueKind.True;
        var condition = constraint.GetProperty("operator").GetString() switch
        {
            "IN" => In(name, values),
            "NOT_IN" => new Condition.Not(In(name, values)),
            "STR_STARTS_WITH" => Text(name, ConditionOperator.StartsWith, values, ignoreCase),
            "STR_ENDS_WITH" => Text(name, ConditionOperator.EndsWith, values, ignoreCase),
            "STR_CONTAINS" => Text(name, ConditionOperator.Contains, values, ignoreCase),
            "NUM_EQ" => Number(name, "==", value),
            "NUM_LT" => Number(name, "<", value),
            "NUM_LTE" => Number(name, "<=", value),
            "NUM_GT" => Number(name, ">", value),
            "NUM_GTE" => Number(name, ">=", value),
            "DATE_AFTER" => Date(name, ConditionOperator.After, value),
            "DATE_BEFORE" => Date(name, ConditionOperator.Before, value),
            "SEMVER_EQ" => Version(name, ConditionOperator.SemVerEqual, value),
            "SEMVER_LT" => Version(name, ConditionOperator.SemVerLessThan, value),
            "SEMVER_LTE" => Version(name, ConditionOperator.SemVerLessThanOrEqual, value),
            "SEMVER_GT" => Version(name, ConditionOperator.SemVerGreaterThan, value),
            "SEMVER_GTE" => Version(name, ConditionOperator.SemVerGreaterThanOrEqual, value),
            "REGEX" => Pattern(name, value, ignoreCase),
            "IN_CIDR" => InNetworks(name, values),
            _ => null,
        };
        if (condition is null)
            return (Never, "it can't be read by Unleash either: it never holds");
        var inverted = constraint.TryGetProperty("inverted", out var not) && not.ValueKind == JsonValueKind.True;
        return (inverted ? new Condition.Not(condition) : condition, null);
    }

    public static Condition In(string name, IEnumerable<JsonElement> values) => Text(name, ConditionOperator.In, values, ignoreCase: false);

    public static Condition InNetworks(string name, IEnumerable<JsonElement> values) =>
        Text(name, ConditionOperator.IpInNetwork, values.Where(value => UnleashStrategy.IsNetwork(value.ToString())), ignoreCase: false);

    private static Condition Text(string name, ConditionOperator comparison, IEnumerable<JsonElement> values, bool ignoreCase)
    {
        var texts = values.Select(value => JsonSerializer.SerializeToElement(value.ToString())).ToList();
        return texts.Count == 0 ? Never : new Condition.Attribute { Name = name, Operator = comparison, Values = texts, IgnoreCase = ignoreCase };
    }

    /// <summary>Unleash contexts hold text; JSONLogic compares it with a number as JavaScript does.</summary>
    private static Condition.All? Number(string name, string comparison, string value)
    {
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return null;
        // The name is one name, dots and all.
        var path = name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal);
        var compare = new JsonObject { [comparison] = new JsonArray(new JsonObject { ["var"] = path }, number) };
        return new Condition.All(
        [
            new Condition.Attribute { Name = name, Operator = ConditionOperator.Exists },
            new Condition.JsonLogic(JsonSerializer.SerializeToElement(compare)),
        ]);
    }

    private static Condition.Attribute? Date(string name, ConditionOperator comparison, string value) =>
        DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) ? One(name, comparison, value) : null;

    private static Condition.Attribute? Version(string name, ConditionOperator comparison, string value) =>
        SemVer().IsMatch(value) ? One(name, comparison, value) : null;

    private static Condition.Attribute? Pattern(string name, string pattern, bool ignoreCase)
    {
        try
        {
            var translated = Posix().Replace(pattern, match => PosixClasses.GetValueOrDefault(match.Groups[1].Value, match.Value));
            _ = new Regex(translated, RegexOptions.NonBacktracking);
            return One(name, ConditionOperator.Matches, translated) with { IgnoreCase = ignoreCase };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static Condition.Attribute One(string name, ConditionOperator comparison, string value) =>
        new() { Name = name, Operator = comparison, Values = [JsonSerializer.SerializeToElement(value)] };

    [GeneratedRegex(@"\[:([a-z]+):\]", RegexOptions.NonBacktracking)]
    private static partial Regex Posix();

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$", RegexOptions.NonBacktracking)]
    private static partial Regex SemVer();
}
