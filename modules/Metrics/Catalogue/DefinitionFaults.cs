using System.Globalization;
using System.Text.RegularExpressions;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;

namespace Delivery.Metrics.Catalogue;

/// <summary>What is wrong with a definition: every fault at once, each with the field's path and what would be accepted.</summary>
internal static partial class DefinitionFaults
{
    private const long LongestWindowSeconds = 365 * 86_400;
    private const decimal LargestCap = 1_000_000_000;
    private const decimal LowestPercentile = 50;
    private const decimal HighestPercentile = 99.99m;

    /// <summary>Words that stand at the key's place in a path.</summary>
    private static readonly string[] Taken = ["events", "moments", "series", "otlp", "scorecard", "try"];

    public static IEnumerable<FieldError> Of(string key, MetricDefinition d) =>
        Texts(key, d).Concat(Shape(d)).Concat(Events(d.Measure, "measure", d.Kind)).Concat(d.Per is { } per ? Events(per, "per", d.Kind) : []);

    private static IEnumerable<FieldError> Texts(string key, MetricDefinition d)
    {
        if (!Key().IsMatch(key) || Taken.Contains(key))
            yield return new FieldError("key", "lower-case letters, digits and single hyphens, starting with a letter, 1 to 64; not events, moments, otlp, scorecard, series or try");
        if (string.IsNullOrWhiteSpace(d.Name) || d.Name.Length > 200)
            yield return new FieldError("name", "1 to 200 characters");
        if (string.IsNullOrWhiteSpace(d.Description) || d.Description.Length > 2_000)
            yield return new FieldError("description", "1 to 2000 characters that tell someone without statistics what it means");
        if (d.Tier == MetricTier.System)
            yield return new FieldError("tier", "company, product or feature: system is of the metrics that are there without set-up");
        if (d.Owner is { } owner && !Key().IsMatch(owner))
            yield return new FieldError("owner", "a team's key, or nothing");
    }

    private static IEnumerable<FieldError> Shape(MetricDefinition d)
    {
        if (d.Kind == MetricKind.Ratio != d.Per is not null)
            yield return new FieldError("per", d.Per is null ? "the denominator's events: a ratio needs them" : "nothing: only a ratio has a denominator");
        if (d.Kind == MetricKind.Quantile ? d.Quantile is not (> 0 and < 1) : d.Quantile is not null)
            yield return new FieldError("quantile", d.Kind == MetricKind.Quantile ? "a number between 0 and 1, such as 0.95" : "nothing: only a quantile has one");
        if (d.WindowSeconds is { } window && window is < 1 or > LongestWindowSeconds)
            yield return new FieldError("windowSeconds", $"1 to {LongestWindowSeconds}, or nothing");
        if (d.Cap is { } cap && (d.Kind is not (MetricKind.Mean or MetricKind.Count) || cap is <= 0 or > LargestCap))
            yield return new FieldError("cap", $"more than 0, at most {LargestCap.ToString(CultureInfo.InvariantCulture)}; of a mean or count only");
        if (d.CapFrom is not { } origin)
            yield break;
        if (d.Kind is not (MetricKind.Mean or MetricKind.Count))
            yield return new FieldError("capFrom", "nothing: only a mean or count has a cap");
        if (d.WindowSeconds is null)
            yield return new FieldError("windowSeconds", "how long a unit's events count, 1 or more: a cap from what units had in a period is one for as long a period");
        if (origin.Environment is not { Length: > 0 and <= 200 } || origin.Environment.Contains('\0', StringComparison.Ordinal))
            yield return new FieldError("capFrom.environment", "the key of the environment whose events are looked at, 1 to 200 characters");
        if (origin.Percentile is < LowestPercentile or > HighestPercentile)
            yield return new FieldError("capFrom.percentile", "a number from 50 to 99.99, such as 99.9");
    }

    private static IEnumerable<FieldError> Events(MeasuredEvents events, string path, MetricKind kind)
    {
        if (events.Event is { Length: 0 or > 100 })
            yield return new FieldError($"{path}.event", "an event's name, 1 to 100 characters; nothing for every request");
        if (events.Event is null && events.Of == MeasureOf.Value)
            yield return new FieldError($"{path}.event", "an event's name: requests as such have no value");
        var valued = events.Of is MeasureOf.Value or MeasureOf.Duration;
        if (kind switch { MetricKind.Conversion or MetricKind.Count => valued, MetricKind.Mean or MetricKind.Quantile => !valued, _ => false })
            yield return new FieldError($"{path}.of", valued ? "occurrences or failures" : "value or duration");
        var where = events.Where ?? [];
        if (where.Count > 20)
            yield return new FieldError($"{path}.where", "at most 20 conditions");
        for (var i = 0; i < where.Count; i++)
        {
            if (Fault(where[i]) is { } fault)
                yield return fault with { Field = $"{path}.where[{i.ToString(CultureInfo.InvariantCulture)}].{fault.Field}" };
        }
    }

    private static FieldError? Fault(PropertyCondition condition)
    {
        if (condition.Property.Length is 0 or > 200)
            return new FieldError("property", "a property's name, 1 to 200 characters");
        if (condition.Is is PropertyComparison.OneOf or PropertyComparison.NoneOf)
            return condition.Values.Count is 0 or > 1_000 ? new FieldError("values", "1 to 1000 texts") : null;
        return condition.Values is [var only] && decimal.TryParse(only, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? null
            : new FieldError("values", "one number");
    }

    [GeneratedRegex("^(?=.{1,64}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    private static partial Regex Key();
}
