namespace Delivery.Contracts.Metrics;

/// <summary>What is measured of each unit, in words a non-statistician understands and in terms a program computes.</summary>
/// <param name="Name">The metric's name for people; 1 to 200 characters.</param>
/// <param name="Description">What it tells, for someone who knows no statistics; 1 to 2,000 characters.</param>
/// <param name="Kind">How events become one value per unit.</param>
/// <param name="Measure">The events that count; of a ratio, the numerator.</param>
/// <param name="Per">Of a ratio, the denominator; of no other kind.</param>
/// <param name="Quantile">Of a quantile, which: more than 0, less than 1, such as 0.95; of no other kind.</param>
/// <param name="WindowSeconds">How long after its exposure a unit's events count; null counts them for ever. 1 s to 365 days.</param>
/// <param name="Cap">The largest value of one unit that counts, fixed in advance against outliers, by hand or from <paramref name="CapFrom"/>; null for none. More than 0; of mean and count only.</param>
/// <param name="Direction">Which way is better.</param>
/// <param name="Tier">Who cares.</param>
/// <param name="Owner">The team that answers for it; null for nobody.</param>
/// <param name="CapFrom">What the cap was taken from; null when it was given as a number, or there is none.</param>
public sealed record MetricDefinition(
    string Name,
    string Description,
    MetricKind Kind,
    MeasuredEvents Measure,
    MeasuredEvents? Per = null,
    double? Quantile = null,
    long? WindowSeconds = null,
    decimal? Cap = null,
    MetricDirection Direction = MetricDirection.HigherIsBetter,
    MetricTier Tier = MetricTier.Feature,
    string? Owner = null,
    CapOrigin? CapFrom = null);

/// <summary>
/// A cap that is a percentile of the units' values before the metric was defined: all units together, never by arm. It is worked out
/// once, when the metric is defined, and stays: a cap that moves with the data would favour an arm.
/// </summary>
/// <param name="Environment">Whose events.</param>
/// <param name="Percentile">Which percentile of the values of units with at least one such event; 50 to 99.99, such as 99.9.</param>
/// <param name="From">The period's beginning, as long before its end as the metric's window, which must have an end. Filled in by the server.</param>
/// <param name="To">The period's end, when the metric was defined. Filled in by the server.</param>
/// <param name="Units">How many units had such an event in the period. Filled in by the server.</param>
public sealed record CapOrigin(string Environment, decimal Percentile, DateTimeOffset? From = null, DateTimeOffset? To = null, long? Units = null);

/// <summary>How events become one value per unit.</summary>
public enum MetricKind
{
    /// <summary>1 when the unit has such an event, else 0.</summary>
    Conversion = 1,

    /// <summary>How many such events the unit has.</summary>
    Count = 2,

    /// <summary>The sum of the unit's values; the metric is the mean of it over units.</summary>
    Mean = 3,

    /// <summary>The sum of one thing over the sum of another, over all units.</summary>
    Ratio = 4,

    /// <summary>A quantile of the values of all events.</summary>
    Quantile = 5,
}

/// <summary>Which events, and what of them.</summary>
/// <param name="Event">The event's name; null for every request: every event with a duration or an outcome.</param>
/// <param name="Of">What of each event is summed.</param>
/// <param name="Where">Conditions on the event's properties; all must hold.</param>
public sealed record MeasuredEvents(string? Event = null, MeasureOf Of = MeasureOf.Occurrences, IReadOnlyList<PropertyCondition>? Where = null);

/// <summary>What of an event is summed.</summary>
public enum MeasureOf
{
    /// <summary>1 for each.</summary>
    Occurrences = 1,

    /// <summary>Its value; an event without one doesn't count.</summary>
    Value = 2,

    /// <summary>Its duration in seconds; an event without one doesn't count.</summary>
    Duration = 3,

    /// <summary>1 for each that failed.</summary>
    Failures = 4,
}

/// <summary>A condition on a property of an event. An event without the property does not meet it, whatever the comparison.</summary>
/// <param name="Property">The property's name.</param>
/// <param name="Is">How it is compared.</param>
/// <param name="Values">With what; one number for <see cref="PropertyComparison.AtLeast"/> and <see cref="PropertyComparison.AtMost"/>.</param>
public sealed record PropertyCondition(string Property, PropertyComparison Is, IReadOnlyList<string> Values);

/// <summary>How a property is compared.</summary>
public enum PropertyComparison
{
    /// <summary>Equal to one of the values, as text.</summary>
    OneOf = 1,

    /// <summary>Equal to none of the values, as text.</summary>
    NoneOf = 2,

    /// <summary>A number, and at least the value.</summary>
    AtLeast = 3,

    /// <summary>A number, and at most the value.</summary>
    AtMost = 4,
}

/// <summary>Which way is better.</summary>
public enum MetricDirection
{
    /// <summary>More is better: revenue, conversion.</summary>
    HigherIsBetter = 1,

    /// <summary>Less is better: errors, latency.</summary>
    LowerIsBetter = 2,
}

/// <summary>Who cares about a metric.</summary>
public enum MetricTier
{
    /// <summary>The company: looked at for every release.</summary>
    Company = 1,

    /// <summary>A product.</summary>
    Product = 2,

    /// <summary>One feature.</summary>
    Feature = 3,

    /// <summary>The platform's own: errors, latency and throughput, guarded in every release. Of the system's metrics only.</summary>
    System = 4,
}
