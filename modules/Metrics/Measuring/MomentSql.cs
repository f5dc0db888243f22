using System.Globalization;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// The second pipeline: the same sums by SQL over the raw rows of both logs, written from the rules and not from the fold.
/// Slow; it exists to find the fold wrong.
/// </summary>
internal sealed class MomentSql(NpgsqlDataSource database)
{
    /// <summary>So many metrics are summed in one pass over the rows; PostgreSQL takes no more than 1,664 columns.</summary>
    private const int MostAtOnce = 32;

    /// <summary>Ten million events take a few minutes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>
    /// PostgreSQL keeps no statistics of a partitioned table as a whole. It guesses that there are 200 units, and would join each with each
    /// event: days for what takes minutes by sorting or hashing.
    /// </summary>
    internal const string Planning = "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'";

    private static readonly string[] Values = ["m_post", "d_post", "m_pre", "d_pre"];

    /// <summary>The cells of all metrics of a question, counted up to two positions and within a fold's limits.</summary>
    public async Task<IReadOnlyList<MomentCell>> ReadAsync(
        GetMoments question, FoldLimits limits, long exposurePosition, long eventPosition, CancellationToken cancellationToken)
    {
        var cells = new List<MomentCell>();
        foreach (var metrics in question.Metrics.Chunk(MostAtOnce))
            cells.AddRange(await ReadAsync(question, metrics, limits, exposurePosition, eventPosition, cancellationToken));
        return cells;
    }

    private async Task<IReadOnlyList<MomentCell>> ReadAsync(
        GetMoments question, MetricToMeasure[] metrics, FoldLimits limits, long exposurePosition, long eventPosition, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var planning = new NpgsqlCommand(Planning, connection))
            await planning.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand { Connection = connection, CommandTimeout = (int)Patience.TotalSeconds };
        command.CommandText = Text([.. metrics.Select(metric => metric.Definition)], command);
        command.Parameters.AddWithValue("environment", question.Environment);
        command.Parameters.AddWithValue("flag", question.Flag);
        command.Parameters.AddWithValue("from", question.FromVersion);
        command.Parameters.AddWithValue("exposures", exposurePosition);
        command.Parameters.AddWithValue("events", eventPosition);
        command.Parameters.AddWithValue("late", NpgsqlDbType.Interval, limits.Lateness);
        command.Parameters.AddWithValue("ahead", NpgsqlDbType.Interval, limits.ClockAhead);
        command.Parameters.AddWithValue("history", NpgsqlDbType.Interval, limits.History);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var cells = new List<MomentCell>();
        while (await reader.ReadAsync(cancellationToken))
        {
            foreach (var (number, metric) in metrics.Index())
            {
                Int128 At(int sum) => Int128.Parse(reader.GetString(2 + (15 * number) + sum), CultureInfo.InvariantCulture);
                cells.Add(new MomentCell(
                    reader.GetInt64(0), reader.GetString(1), metric.Key,
                    new MomentSums(At(0), At(1), At(2), At(3), At(4), At(5), At(6), At(7), At(8), At(9), At(10), At(11), At(12), At(13), At(14)), 0, null));
            }
        }

        return cells;
    }

    /// <summary>
    /// One pass over both logs for all metrics: what takes long is to find the repeated ids. An id is the first event that has it, whatever
    /// its name, so nothing can be left out before.
    /// </summary>
    private static string Text(IReadOnlyList<MetricDefinition> metrics, NpgsqlCommand command)
    {
        var columns = metrics.Select((metric, number) => new Columns(metric, number.ToString(CultureInfo.InvariantCulture), command)).ToList();
        string Of(Func<Columns, string> text) => string.Join(", ", columns.Select(text));
        return $"""
            WITH met AS (
                SELECT DISTINCT ON (unit_hash) unit_hash, time, flag_version, variant FROM exposures.recorded_exposures
                WHERE environment = @environment AND flag = @flag AND flag_version >= @from AND position <= @exposures
                    AND received_at - time <= @late AND time - received_at <= @ahead
                ORDER BY unit_hash, time, flag_version, variant COLLATE "C"),
            counted AS (
                SELECT DISTINCT ON (id) * FROM metrics.events
                WHERE environment = @environment AND position <= @events AND received_at - time <= @late AND time - received_at <= @ahead
                ORDER BY id, position),
            summed AS (
                SELECT met.flag_version, met.variant, {Of(c => c.Summed)}
                FROM met LEFT JOIN counted e ON e.unit_hash = met.unit_hash
                GROUP BY met.unit_hash, met.flag_version, met.variant),
            shaped AS (SELECT flag_version, variant, {Of(c => c.Shaped)} FROM summed)
            SELECT flag_version, variant, {Of(c => c.Sums)} FROM shaped GROUP BY flag_version, variant ORDER BY flag_version, variant COLLATE "C"
            """;
    }

    /// <summary>The columns of one metric.</summary>
    private sealed class Columns
    {
        private const string Pre = "e.time < met.time AND e.time >= met.time - @history";
        private readonly string _number;

        public Columns(MetricDefinition d, string number, NpgsqlCommand command)
        {
            _number = number;
            var measure = Source(d.Measure, $"m{number}_", command);
            var per = d.Per is { } events ? Source(events, $"d{number}_", command) : ("false", "0");
            var window = d.WindowSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"AND e.time < met.time + interval '{seconds} seconds'") : "";
            var post = $"e.time >= met.time {window}";
            var second = HasHistory(d.Kind) ? $"CASE WHEN count(*) FILTER (WHERE {measure.Match} AND {Pre}) > 0 THEN 1000000::numeric ELSE 0 END" : Sum(per, Pre);
            Summed = $"{Sum(measure, post)} AS m_post{number}, {Sum(per, post)} AS d_post{number}, {Sum(measure, Pre)} AS m_pre{number}, {second} AS d_pre{number}";
            Shaped = $"{Shape(d, Named("m_post"))} AS m_post{number}, {Bounded(Named("d_post"))} AS d_post{number}, {Shape(d, Named("m_pre"))} AS m_pre{number}, {Bounded(Named("d_pre"))} AS d_pre{number}";
        }

        /// <summary>Of a unit.</summary>
        public string Summed { get; }

        /// <summary>Of a unit, with cap and bound.</summary>
        public string Shaped { get; }

        /// <summary>In the order of <see cref="MomentSums"/>: n, the four sums, the ten products.</summary>
        public string Sums => string.Join(", ", Values.Select(v => $"sum({Named(v)})::text").Prepend("count(*)::text")
            .Concat(Values.SelectMany((a, i) => Values.Skip(i).Select(b => $"sum({Named(a)} * {Named(b)})::text"))));

        private string Named(string value) => value + _number;
    }

    /// <summary>Whether the second covariate is that there are events before exposure; of a ratio it is its denominator.</summary>
    private static bool HasHistory(MetricKind kind) => kind is not (MetricKind.Ratio or MetricKind.Quantile);

    private static string Sum((string Match, string Amount) source, string when) =>
        $"coalesce(sum({source.Amount}) FILTER (WHERE {source.Match} AND {when}), 0)";

    private static string Shape(MetricDefinition d, string column) => d switch
    {
        { Kind: MetricKind.Conversion } => $"least({Bounded(column)}, 1000000)",
        { Cap: { } cap } => string.Create(CultureInfo.InvariantCulture, $"least({Bounded(column)}, trunc({cap}::numeric * 1000000))"),
        _ => Bounded(column),
    };

    internal static string Bounded(string column) => $"least(greatest({column}, -{FoldedMetric.Bound}::numeric), {FoldedMetric.Bound}::numeric)";

    /// <summary>Which rows <c>e</c> a source counts, and what each adds in millionths; conditions become parameters of the command.</summary>
    internal static (string Match, string Amount) Source(MeasuredEvents what, string prefix, NpgsqlCommand command)
    {
        var (has, amount) = what.Of switch
        {
            MeasureOf.Occurrences => ("true", "1000000::numeric"),
            MeasureOf.Failures => ("e.outcome = 2", "1000000::numeric"),
            MeasureOf.Value => ("e.value_micro_units IS NOT NULL", "e.value_micro_units::numeric"),
            MeasureOf.Duration => ("e.duration_microseconds IS NOT NULL", "e.duration_microseconds::numeric"),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what.Of, "no such measure"),
        };
        var match = new List<string> { "e.id IS NOT NULL", has };
        if (what.Event is { } name)
        {
            match.Add($"e.name = @{prefix}");
            command.Parameters.AddWithValue(prefix, name);
        }
        else
        {
            match.Add("(e.outcome <> 0 OR e.duration_microseconds IS NOT NULL)");
        }

        for (var i = 0; i < (what.Where?.Count ?? 0); i++)
            match.Add(Condition(what.Where![i], $"{prefix}{i.ToString(CultureInfo.InvariantCulture)}", command));
        return (string.Join(" AND ", match), amount);
    }

    private static string Condition(PropertyCondition condition, string name, NpgsqlCommand command)
    {
        command.Parameters.AddWithValue($"{name}p", condition.Property);
        var text = $"(e.properties::jsonb ->> @{name}p)";
        if (condition.Is is PropertyComparison.OneOf or PropertyComparison.NoneOf)
        {
            command.Parameters.AddWithValue($"{name}v", condition.Values.ToArray());
            return condition.Is == PropertyComparison.OneOf ? $"{text} = ANY(@{name}v)" : $"NOT ({text} = ANY(@{name}v))";
        }

        command.Parameters.AddWithValue($"{name}v", decimal.Parse(condition.Values[0], NumberStyles.Float, CultureInfo.InvariantCulture));
        var compare = condition.Is == PropertyComparison.AtLeast ? ">=" : "<=";
        return $"CASE WHEN length({text}) <= 28 AND {text} ~ '^-?[0-9]+([.][0-9]+)?$' THEN {text}::numeric {compare} @{name}v ELSE false END";
    }
}
