using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Measuring;

/// <summary>What an event adds to a sum, in millionths; the SQL of <see cref="MomentSql"/> says the same.</summary>
internal static partial class EventMatch
{
    private const long One = 1_000_000;

    public static bool TryMeasure(MeasuredEvents what, MetricEvent e, out long amount)
    {
        amount = 0;
        if (what.Event is null ? !e.IsRequest : what.Event != e.Name)
            return false;
        switch (what.Of)
        {
            case MeasureOf.Occurrences:
                amount = One;
                break;
            case MeasureOf.Failures:
                if (e.Failed != true)
                    return false;
                amount = One;
                break;
            case MeasureOf.Value:
                if (e.ValueMicroUnits is not { } value)
                    return false;
                amount = value;
                break;
            case MeasureOf.Duration:
                if (e.DurationMicroseconds is not { } duration)
                    return false;
                amount = duration;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(what), what.Of, "no such measure");
        }

        return what.Where is not { Count: > 0 } where || Holds(where, e.Properties);
    }

    private static bool Holds(IReadOnlyList<PropertyCondition> where, string? properties)
    {
        if (properties is null)
            return false;
        using var document = JsonDocument.Parse(properties);
        foreach (var condition in where)
        {
            if (!document.RootElement.TryGetProperty(condition.Property, out var value) || value.ValueKind == JsonValueKind.Null || !Holds(condition, Text(value)))
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
