using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Delivery.Contracts.Metrics;

namespace Delivery.Metrics.Measuring;

/// <summary>Whether an event's properties are as a metric wants them; the SQL of <see cref="MomentSql"/> says the same.</summary>
internal static partial class EventMatch
{
    /// <summary>Whether all conditions hold.</summary>
    public static bool Holds(IReadOnlyList<PropertyCondition> where, JsonElement properties)
    {
        foreach (var condition in where)
        {
            if (!properties.TryGetProperty(condition.Property, out var value) || value.ValueKind == JsonValueKind.Null || !Holds(condition, Text(value)))
                return false;
        }

        return true;
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static bool Holds(PropertyCondition condition, string text) => condition.Is switch
    {
        PropertyComparison.OneOf => condition.Values.Contains(text, StringComparer.Ordinal),
        PropertyComparison.NoneOf => !condition.Values.Contains(text, StringComparer.Ordinal),
        PropertyComparison.AtLeast => Number().IsMatch(text) && Parse(text) >= Parse(condition.Values[0]),
        PropertyComparison.AtMost => Number().IsMatch(text) && Parse(text) <= Parse(condition.Values[0]),
        _ => throw new ArgumentOutOfRangeException(nameof(condition), condition.Is, "no such comparison"),
    };

    private static decimal Parse(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    [GeneratedRegex("^(?=.{1,28}$)-?[0-9]+([.][0-9]+)?$")]
    private static partial Regex Number();
}
