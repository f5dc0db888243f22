using System.Globalization;
using Delivery.Contracts.Metrics;

namespace Delivery.Console.Parts;

/// <summary>Metrics in words.</summary>
internal static class MetricSentences
{
    public static string Of(IReadOnlyList<MetricView> metrics)
    {
        var own = metrics.Count(metric => !metric.System);
        var builtIn = metrics.Count - own;
        return metrics.Count == 0 ? "Reading …"
            : own == 0 ? $"{builtIn} metrics are built in; define one of your own with PUT /api/v1/metrics/KEY, and try it first with POST /api/v1/metrics/try."
            : $"{own} of your own and {builtIn} built in.";
    }

    /// <summary>What a definition counts, in one sentence.</summary>
    public static string Measures(MetricDefinition d)
    {
        var what = d.Kind switch
        {
            MetricKind.Conversion => $"The share of units with {Events(d.Measure)}",
            MetricKind.Count => $"{Capital(Events(d.Measure))} per unit",
            MetricKind.Mean => $"{Capital(Of(d.Measure))} per unit",
            MetricKind.Ratio => $"{Capital(Of(d.Measure))} per {(d.Per is { } per ? Of(per) : "nothing")}",
            MetricKind.Quantile => $"The {((d.Quantile ?? 0) * 100).ToString("0.##", CultureInfo.InvariantCulture)}th percentile of {Of(d.Measure)}",
            _ => throw new ArgumentOutOfRangeException(nameof(d), d.Kind, "no such kind"),
        };
        var window = d.WindowSeconds is { } seconds ? $", within {Length(TimeSpan.FromSeconds(seconds))} of the exposure" : "";
        var cap = d.Cap is { } most ? $", at most {most.ToString(CultureInfo.InvariantCulture)} of a unit{Origin(d.CapFrom)}" : "";
        return $"{what}{window}{cap}; {(d.Direction == MetricDirection.HigherIsBetter ? "higher" : "lower")} is better.";
    }

    /// <summary>The unit of a metric's value, as far as it is known.</summary>
    public static string Unit(MetricDefinition d) => d switch
    {
        { Measure.Of: MeasureOf.Duration } => "s",
        _ => "",
    };

    /// <summary>A segment as people write it: <c>property:country</c>, <c>attribute:plan</c>; a fault in words where it is none.</summary>
    public static (SeriesSegment? Segment, string? Fault) Segment(string? text, bool hasFlag) => text?.Trim().Split(':', 2) switch
    {
        null or [""] => (null, null),
        ["property", { Length: > 0 } name] => (new SeriesSegment(SeriesSegmentKind.Property, name), null),
        ["attribute", { Length: > 0 } name] when hasFlag => (new SeriesSegment(SeriesSegmentKind.Attribute, name), null),
        ["attribute", ..] => (null, "Attributes are those of a flag's exposures: name the flag too."),
        _ => (null, "Split by property:NAME of the events, or by attribute:NAME of the exposures."),
    };

    public static string Reason(NoNumber reason) => reason switch
    {
        NoNumber.NoData => "no data",
        NoNumber.TooFewUnits => "too few units yet",
        NoNumber.NoVariance => "all the same",
        NoNumber.ZeroDenominator => "nothing to divide by",
        NoNumber.BaselineNotAwayFromZero => "the baseline can't be told from 0",
        NoNumber.NotFinite or NoNumber.Overflow => "too large to compute",
        NoNumber.InconsistentSums => "the sums contradict one another",
        NoNumber.InvalidDesign => "asked for something impossible",
        NoNumber.Saturated => "a unit's value is beyond 1e9",
        NoNumber.NegativeValues => "some values are negative",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no such reason"),
    };

    private static string Origin(CapOrigin? from) => from is null ? "" : string.Create(
        CultureInfo.InvariantCulture, $" (what {from.Percentile} % of {from.Units:N0} units in '{from.Environment}' stayed within before {from.To:yyyy-MM-dd})");

    private static string Events(MeasuredEvents events) =>
        $"{(events.Of == MeasureOf.Failures ? "failed " : "")}{(events.Event is { } name ? $"'{name}' events" : "requests")}{Where(events)}";

    private static string Of(MeasuredEvents events) => events.Of switch
    {
        MeasureOf.Value => $"the value of {Plain(events)}",
        MeasureOf.Duration => $"the duration of {Plain(events)}",
        _ => Events(events),
    };

    private static string Plain(MeasuredEvents events) => $"{(events.Event is { } name ? $"'{name}' events" : "requests")}{Where(events)}";

    private static string Where(MeasuredEvents events) => events.Where is { Count: > 0 } where ? $" where {string.Join(" and ", where.Select(c => $"{c.Property} is {Changing.Word(c.Is)} {string.Join(", ", c.Values)}"))}" : "";

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Length(TimeSpan time) =>
        time.TotalDays >= 1 ? $"{time.TotalDays.ToString("0.##", CultureInfo.InvariantCulture)} days"
        : time.TotalHours >= 1 ? $"{time.TotalHours.ToString("0.##", CultureInfo.InvariantCulture)} hours"
        : $"{time.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s";
}
