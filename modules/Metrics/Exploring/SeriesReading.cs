using Delivery.Contracts.Metrics;
using Delivery.Metrics.Scoring;
using Delivery.Statistics;

namespace Delivery.Metrics.Exploring;

/// <summary>From sums to lines: each bucket's value with its interval, or the reason why there is none. Pure.</summary>
internal sealed class SeriesReading(GetMetricSeries question, DateTimeOffset completeUpTo)
{
    private const double Z = 1.959963984540054;
    private const double Scale = FixedPoint.Scale;
    private const long FewestEvents = 50;

    private readonly MetricDefinition _definition = question.Metric.Definition;

    private int Buckets => (int)Math.Ceiling((question.To - question.From) / question.Step);

    /// <summary>Per-unit metrics are of those that were there, the others of those with events.</summary>
    private bool IsPerUnit => _definition.Kind is MetricKind.Conversion or MetricKind.Count or MetricKind.Mean;

    public IReadOnlyList<SeriesLine> Lines(IReadOnlyList<SeriesSums> sums, IReadOnlyList<SeriesPresence> presence)
    {
        var present = IsPerUnit ? Present(presence) : [];
        var byLine = sums.GroupBy(s => s.Line).ToDictionary(g => g.Key, g => g.ToDictionary(s => s.Bucket));
        IEnumerable<SeriesKey> lines = byLine.Keys;
        // A variant without events has a line: nobody did anything, which is not nothing known.
        if (question.Segment is null)
            lines = lines.Union(present.Keys);
        return
        [
            .. lines.OrderBy(line => line.Variant, StringComparer.Ordinal).ThenBy(line => line.Segment, StringComparer.Ordinal)
                .Select(line => new SeriesLine(line.Variant, line.Segment, [.. Enumerable.Range(0, Buckets).Select(b => Bucket(b, byLine.GetValueOrDefault(line)?.GetValueOrDefault(b), PresentIn(present, line, b)))])),
        ];
    }

    private SeriesBucket Bucket(int number, SeriesSums? sums, long present)
    {
        var (start, end) = (question.From + number * question.Step, question.From + (number + 1) * question.Step);
        var units = IsPerUnit ? Math.Max(present, sums?.Units ?? 0) : sums?.Units ?? 0;
        var (value, low, high, err) = _definition.Kind == MetricKind.Quantile ? Quantile(sums) : Estimate(sums, units);
        return new SeriesBucket(start, (end < question.To ? end : question.To) <= completeUpTo, units, sums?.Events ?? 0, value, low, high, err);
    }

    private (double? Value, double? Low, double? High, NoNumber? Err) Estimate(SeriesSums? sums, long units)
    {
        sums ??= new SeriesSums(default, 0, 0, 0, 0, 0, 0, 0, 0, null, null, null);
        var m = new SampleSums(units, sums.M / Scale, sums.MM / Scale / Scale);
        var estimate = _definition.Kind switch
        {
            MetricKind.Conversion => Arms.Proportion(new ProportionSums(units, sums.M / Scale)),
            MetricKind.Count or MetricKind.Mean => Arms.Mean(m),
            MetricKind.Ratio => Arms.Ratio(new RatioSums(m, new SampleSums(units, sums.D / Scale, sums.DD / Scale / Scale), sums.MD / Scale / Scale)),
            _ => throw new ArgumentOutOfRangeException(nameof(sums), _definition.Kind, "no estimator on sums"),
        };
        if (estimate is not ArmEstimate.Measured measured)
            return (null, null, null, CellEstimate.Reason(((ArmEstimate.Unmeasured)estimate).Reason));
        var half = Z * Math.Sqrt(measured.VarianceOfMean);
        return (measured.Mean, measured.Mean - half, measured.Mean + half, null);
    }

    private static (double? Value, double? Low, double? High, NoNumber? Err) Quantile(SeriesSums? sums) => sums switch
    {
        null or { Quantile: null } => (null, null, null, NoNumber.NoData),
        { Events: < FewestEvents } or { Low: null } or { High: null } => (null, null, null, NoNumber.TooFewUnits),
        { Quantile: { } value, Low: { } low, High: { } high } => (value / Scale, low / Scale, high / Scale, null),
    };

    /// <summary>Of a property's segments all units of the variant are asked: what they did there, per unit.</summary>
    private long PresentIn(Dictionary<SeriesKey, long[]> present, SeriesKey line, int bucket) =>
        present.GetValueOrDefault(question.Segment is { Kind: SeriesSegmentKind.Property } ? line with { Segment = null } : line)?[bucket] ?? 0;

    private Dictionary<SeriesKey, long[]> Present(IReadOnlyList<SeriesPresence> presence)
    {
        var present = new Dictionary<SeriesKey, long[]>();
        foreach (var group in presence)
        {
            if (!present.TryGetValue(group.Line, out var units))
                present.Add(group.Line, units = new long[Buckets]);
            for (var b = Math.Max(0, group.Enters); b <= Math.Min(group.Leaves, Buckets - 1); b++)
                units[b] += group.Units;
        }

        return present;
    }
}
