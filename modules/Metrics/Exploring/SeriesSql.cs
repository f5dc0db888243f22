using System.Globalization;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using Delivery.Metrics.Measuring;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Exploring;

/// <summary>
/// A series' sums by SQL over the raw rows of both logs, up to two positions. An event belongs to the variant it names for the flag itself, else to
/// that of its unit's first exposure, from then on.
/// </summary>
internal sealed class SeriesSql(GetMetricSeries question, MomentPositions until, FoldLimits limits)
{
    /// <summary>Lines by segment; those with fewer events are counted and left out.</summary>
    private const int MostSegments = 20;

    private bool IsPerUnit => question.Metric.Definition.Kind is MetricKind.Conversion or MetricKind.Count or MetricKind.Mean;

    /// <summary>Line by line and bucket by bucket: units with events, events, and the sums or the quantile.</summary>
    public async Task<(IReadOnlyList<SeriesSums> Sums, int Segments)> SumsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection);
        var d = question.Metric.Definition;
        var measure = MomentSql.Source(d.Measure, "m", command);
        var per = d.Per is { } events ? MomentSql.Source(events, "d", command) : ("false", "0::numeric");
        command.CommandText = $"""
            WITH {Placed(measure, per)},
            per_unit AS (
                SELECT bucket, variant, segment, unit_hash, sum(events) AS events, {Shape("sum(m)")} AS m, sum(d) AS d
                FROM placed GROUP BY bucket, variant, segment, unit_hash),
            {(d.Kind == MetricKind.Quantile ? Quantiles : "")}
            summed AS (
                SELECT bucket, variant, segment, count(*) AS units, sum(events) AS events, sum(m) AS m, sum(m * m) AS mm, sum(d) AS d, sum(d * d) AS dd, sum(m * d) AS md
                FROM per_unit GROUP BY bucket, variant, segment)
            SELECT bucket, variant, segment, units, events, m::double precision, mm::double precision, d::double precision, dd::double precision, md::double precision,
                {(d.Kind == MetricKind.Quantile ? "q::double precision, low::double precision, high::double precision" : "NULL::double precision, NULL::double precision, NULL::double precision")},
                (SELECT count(DISTINCT coalesce(segment, '')) FROM attributed)
            FROM summed {(d.Kind == MetricKind.Quantile ? "LEFT JOIN quantiles ON b = bucket AND v IS NOT DISTINCT FROM variant AND s IS NOT DISTINCT FROM segment" : "")}
            """;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sums = new List<SeriesSums>();
        var segments = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            double? Number(int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
            segments = (int)reader.GetInt64(13);
            sums.Add(new SeriesSums(
                new SeriesKey(reader.IsDBNull(1) ? null : reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2)), reader.GetInt32(0), reader.GetInt64(3), (long)reader.GetDecimal(4),
                Number(5) ?? 0, Number(6) ?? 0, Number(7) ?? 0, Number(8) ?? 0, Number(9) ?? 0, Number(10), Number(11), Number(12)));
        }

        return (sums, segments);
    }

    /// <summary>How many units entered each line in one bucket and left it after another: by their exposure and the metric's window.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="shown">The segments that have lines: an attribute may have as many values as there are units.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<SeriesPresence>> PresenceAsync(NpgsqlConnection connection, IEnumerable<string?> shown, CancellationToken cancellationToken)
    {
        if (!IsPerUnit)
            return [];
        await using var command = Command(connection);
        // A window that ends where a bucket begins has no part of that bucket.
        var leaves = question.Metric.Definition.WindowSeconds is null ? "2147483647" : "least(2147483647, ceil(extract(epoch FROM time + @window - @start) / @step) - 1)::int";
        var (segment, among) = ("NULL::text", "true");
        if (question.Segment is { Kind: SeriesSegmentKind.Attribute })
        {
            (segment, among) = ("attributes::jsonb ->> @segment", "coalesce(attributes::jsonb ->> @segment, '') = ANY(@shown)");
            command.Parameters.AddWithValue("shown", shown.Select(value => value ?? "").Distinct().ToArray());
        }

        command.CommandText = question.Flag is not null
            ? $"""
                WITH {Met}
                SELECT {(question.ByVariant ? "variant" : "NULL::text")}, {segment}, greatest(0, floor(extract(epoch FROM time - @start) / @step))::int, {leaves}, count(*)
                FROM met WHERE {among} {(question.Metric.Definition.WindowSeconds is null ? "" : "AND time + @window > @start")} GROUP BY 1, 2, 3, 4
                """
            : $"""
                WITH {Counted}
                SELECT NULL::text, NULL::text, bucket, bucket, count(*)
                FROM (SELECT DISTINCT floor(extract(epoch FROM time - @start) / @step)::int AS bucket, unit_hash FROM counted) AS seen GROUP BY bucket
                """;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var presence = new List<SeriesPresence>();
        while (await reader.ReadAsync(cancellationToken))
            presence.Add(new SeriesPresence(
                new SeriesKey(reader.IsDBNull(0) ? null : reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1)), reader.GetInt32(2), reader.GetInt32(3), reader.GetInt64(4)));
        return presence;
    }

    private const string Met = """
        met AS (
            SELECT DISTINCT ON (unit_hash) unit_hash, time, variant, attributes FROM exposures.recorded_exposures
            WHERE environment = @environment AND flag = @flag AND flag_version >= @version AND position <= @exposures AND time < @end
                AND received_at - time <= @late AND time - received_at <= @ahead
            ORDER BY unit_hash, time, flag_version, variant COLLATE "C")
        """;

    private const string Counted = """
        counted AS (
            SELECT DISTINCT ON (id) * FROM metrics.events
            WHERE environment = @environment AND position <= @events AND time >= @start AND time < @end
                AND received_at >= @start - @ahead AND received_at < @end + @late AND received_at - time <= @late AND time - received_at <= @ahead
            ORDER BY id, position)
        """;

    /// <summary>
    /// The quantile's value, and the outer order statistics of its interval with the clustering in units (Deng, Knoblich, Lu 2018, section 4), as
    /// <see cref="Statistics.ClusteredQuantile"/> has them.
    /// </summary>
    private const string Quantiles = """
        ranked AS (
            SELECT bucket AS b, variant AS v, segment AS s, unit_hash, m AS value, row_number() OVER line AS rank, count(*) OVER (PARTITION BY bucket, variant, segment) AS n
            FROM placed WHERE measured WINDOW line AS (PARTITION BY bucket, variant, segment ORDER BY m)),
        sampled AS (
            SELECT b, v, s, n, max(value) FILTER (WHERE rank = greatest(1, ceil(n * @quantile))) AS q FROM ranked GROUP BY b, v, s, n),
        clustered AS (
            SELECT r.b, r.v, r.s, r.n, q.q, r.unit_hash, count(*) FILTER (WHERE r.value <= q.q)::double precision AS below, count(*)::double precision AS all_of
            FROM ranked r JOIN sampled q ON q.b = r.b AND q.v IS NOT DISTINCT FROM r.v AND q.s IS NOT DISTINCT FROM r.s
            GROUP BY r.b, r.v, r.s, r.n, q.q, r.unit_hash),
        spread AS (
            SELECT b, v, s, n, q, count(*) AS units, sum(below) / sum(all_of) AS share, sum(below * below) AS bb, sum(below * all_of) AS ba, sum(all_of * all_of) AS aa
            FROM clustered GROUP BY b, v, s, n, q),
        half AS (
            SELECT *, CASE WHEN units < 2 THEN NULL ELSE
                1.959963984540054 * n * sqrt(greatest(0, bb - 2 * share * ba + share * share * aa) / (units - 1) / units) / (n::double precision / units) END AS width
            FROM spread),
        quantiles AS (
            SELECT h.b, h.v, h.s, h.q, max(r.value) FILTER (WHERE r.rank = floor(h.n * @quantile - h.width)) AS low, max(r.value) FILTER (WHERE r.rank = ceil(h.n * @quantile + h.width) + 1) AS high
            FROM half h JOIN ranked r ON r.b = h.b AND r.v IS NOT DISTINCT FROM h.v AND r.s IS NOT DISTINCT FROM h.s
            GROUP BY h.b, h.v, h.s, h.q),
        """;

    /// <summary>Every event in its bucket, line and unit, with what it adds.</summary>
    private string Placed((string Match, string Amount) measure, (string Match, string Amount) per)
    {
        var named = question.Flag is null || IsPerUnit ? "NULL::text" : "CASE WHEN (e.flags::jsonb -> @flag ->> 'version')::bigint >= @version THEN e.flags::jsonb -> @flag ->> 'variant' END";
        var window = question.Metric.Definition.WindowSeconds is null ? "" : "AND e.time < met.time + @window";
        var segment = question.Segment switch
        {
            null => "NULL::text",
            { Kind: SeriesSegmentKind.Property } => "e.properties::jsonb ->> @segment",
            _ => "met.attributes::jsonb ->> @segment",
        };
        return $"""
            {(question.Flag is null ? "" : Met + ",")}
            {Counted},
            attributed AS (
                SELECT floor(extract(epoch FROM e.time - @start) / @step)::int AS bucket, {(question.Flag is null || !question.ByVariant ? "NULL::text" : $"coalesce({named}, met.variant)")} AS variant, {segment} AS segment, e.unit_hash,
                    ({measure.Match}) AS measured, CASE WHEN {measure.Match} THEN {measure.Amount} ELSE 0 END AS m, CASE WHEN {per.Match} THEN {per.Amount} ELSE 0 END AS d
                FROM counted e {(question.Flag is null ? "" : $"LEFT JOIN met ON met.unit_hash = e.unit_hash AND e.time >= met.time {window}")}
                WHERE ({measure.Match} OR {per.Match}) {(question.Flag is null ? "" : $"AND (met.unit_hash IS NOT NULL OR {named} IS NOT NULL)")}),
            shown AS (SELECT coalesce(segment, '') AS segment FROM attributed GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {MostSegments.ToString(CultureInfo.InvariantCulture)}),
            placed AS (SELECT attributed.*, 1 AS events FROM attributed WHERE coalesce(segment, '') IN (SELECT segment FROM shown))
            """;
    }

    private string Shape(string sum)
    {
        var bounded = $"least(greatest({sum}, -{FoldedMetric.Bound}::numeric), {FoldedMetric.Bound}::numeric)";
        return question.Metric.Definition switch
        {
            { Kind: MetricKind.Conversion } => $"least({bounded}, 1000000)",
            { Cap: { } cap } => string.Create(CultureInfo.InvariantCulture, $"least({bounded}, trunc({cap}::numeric * 1000000))"),
            _ => bounded,
        };
    }

    private NpgsqlCommand Command(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand { Connection = connection };
        command.Parameters.AddWithValue("environment", question.Environment);
        command.Parameters.AddWithValue("flag", question.Flag ?? "");
        command.Parameters.AddWithValue("version", question.FromVersion);
        command.Parameters.AddWithValue("exposures", until.Exposures);
        command.Parameters.AddWithValue("events", until.Events);
        command.Parameters.AddWithValue("start", question.From);
        command.Parameters.AddWithValue("end", question.To);
        command.Parameters.AddWithValue("step", question.Step.TotalSeconds);
        command.Parameters.AddWithValue("late", NpgsqlDbType.Interval, limits.Lateness);
        command.Parameters.AddWithValue("ahead", NpgsqlDbType.Interval, limits.ClockAhead);
        command.Parameters.AddWithValue("window", NpgsqlDbType.Interval, TimeSpan.FromSeconds(question.Metric.Definition.WindowSeconds ?? 0));
        command.Parameters.AddWithValue("segment", question.Segment?.Name ?? "");
        command.Parameters.AddWithValue("quantile", question.Metric.Definition.Quantile ?? 0.5);
        return command;
    }
}

/// <summary>Which line.</summary>
internal readonly record struct SeriesKey(string? Variant, string? Segment);

/// <summary>One line in one bucket: units with events, events, sums of m and d per unit in millionths and their products; of a quantile its value and interval.</summary>
internal sealed record SeriesSums(
    SeriesKey Line, int Bucket, long Units, long Events, double M, double MM, double D, double DD, double MD, double? Quantile, double? Low, double? High);

/// <summary>So many units of a line are there from one bucket to another, both included.</summary>
internal sealed record SeriesPresence(SeriesKey Line, int Enters, int Leaves, long Units);
