using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Sql;

/// <summary>What is asked around a template, and how its rows are read.</summary>
/// <param name="Columns">
/// The outer columns. Conversions are the server's, where numbers have no bounds; micro-units have up to 38 digits and come as text.
/// </param>
/// <param name="Read">An arm's statistics from its rows; a fault when they make no sense.</param>
internal sealed record SqlShape(string Columns, Func<IReadOnlyList<Row>, (ArmStatistics? Statistics, string? Fault)> Read)
{
    /// <summary>More rows than that are no statistics.</summary>
    public const int MostRows = 10_000;

    public static SqlShape Of(MetricShape shape) => shape switch
    {
        MetricShape.Counts => new("trials::bigint::text, events::bigint::text", Counts),
        MetricShape.Moments => new("count::bigint::text, round(sum::numeric * 1e6)::text, round(sum_of_squares::numeric * 1e12)::text", Moments),
        MetricShape.Histogram => new("round(lower::numeric * 1e6)::text, round(upper::numeric * 1e6)::text, count::bigint::text", Histogram),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>
    /// The whole query. In parentheses a template can be nothing but a SELECT: PostgreSQL takes neither a statement that writes nor
    /// SELECT INTO there.
    /// </summary>
    public string Around(string template) =>
        $"select arm::text, last_at::timestamptz, {Columns} from (\n{template}\n) as metric limit {(MostRows + 1).ToString(CultureInfo.InvariantCulture)}";

    private static (ArmStatistics? Statistics, string? Fault) Counts(IReadOnlyList<Row> rows)
    {
        if (rows is not [{ Values: [{ } trials, { } events] }])
            return (null, "one row for each arm, with trials and events");
        var counts = new ArmStatistics.Counts(Long(trials), Long(events));
        return counts.Trials < 0 || counts.Events < 0 || counts.Events > counts.Trials
            ? (null, $"events between 0 and trials, not {counts.Events} of {counts.Trials}")
            : (counts, null);
    }

    private static (ArmStatistics? Statistics, string? Fault) Moments(IReadOnlyList<Row> rows)
    {
        if (rows is not [{ Values: [{ } count, { } sum, { } squares] }])
            return (null, "one row for each arm, with count, sum and sum_of_squares");
        return Int128.TryParse(sum, CultureInfo.InvariantCulture, out var s) && Int128.TryParse(squares, CultureInfo.InvariantCulture, out var q) && Long(count) >= 0 && q >= 0
            ? (new ArmStatistics.Moments(Long(count), s, q), null)
            : (null, $"finite sums of up to 38 digits in micro-units and a count, not {sum}, {squares} and {count}");
    }

    private static (ArmStatistics? Statistics, string? Fault) Histogram(IReadOnlyList<Row> rows)
    {
        var buckets = ImmutableArray.CreateBuilder<Bucket>(rows.Count);
        foreach (var row in rows)
        {
            if (row.Values is not [{ } lower, var upper, { } count] || !long.TryParse(lower, CultureInfo.InvariantCulture, out var from) || Long(count) < 0)
                return (null, "a row for each bucket, with lower, upper and count");
            var to = long.MaxValue;
            if (upper is not null && !long.TryParse(upper, CultureInfo.InvariantCulture, out to))
                return (null, $"an upper edge that is finite, or null, not {upper}");
            buckets.Add(new Bucket(from, to, Long(count)));
        }

        buckets.Sort((x, y) => x.From.CompareTo(y.From));
        return buckets.Any(b => b.To <= b.From) || buckets.Zip(buckets.Skip(1)).Any(pair => pair.Second.From < pair.First.To)
            ? (null, "buckets that do not overlap, each with upper above lower")
            : (new ArmStatistics.Histogram(buckets.DrainToImmutable()), null);
    }

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>A row of an answer.</summary>
/// <param name="Arm">Its arm.</param>
/// <param name="LastAt">When its newest sample is from; null when there is none.</param>
/// <param name="Values">The shape's columns.</param>
internal sealed record Row(string? Arm, DateTimeOffset? LastAt, ImmutableArray<string?> Values)
{
    public static Row Of(DbDataReader reader) => new(
        reader.IsDBNull(0) ? null : reader.GetString(0),
        reader.IsDBNull(1) ? null : reader.GetFieldValue<DateTimeOffset>(1),
        [.. Enumerable.Range(2, reader.FieldCount - 2).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i))]);
}
