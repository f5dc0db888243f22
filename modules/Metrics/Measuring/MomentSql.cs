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
internal sealed class MomentSql(NpgsqlDataSource database, FoldLimits limits)
{
    private static readonly string[] Values = ["m_post", "d_post", "m_pre", "d_pre"];

    /// <summary>In the order of <see cref="MomentSums"/>: n, the four sums, the ten products.</summary>
    private static readonly string Sums = string.Join(", ", Values.Select(v => $"sum({v})::text").Prepend("count(*)::text")
        .Concat(Values.SelectMany((a, i) => Values.Skip(i).Select(b => $"sum({a} * {b})::text"))));

    /// <summary>The cells of one metric, counted up to two positions.</summary>
    public async Task<IReadOnlyList<MomentCell>> ReadAsync(
        GetMoments question, MetricToMeasure metric, long exposurePosition, long eventPosition, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand { Connection = connection, CommandTimeout = 600 };
        command.CommandText = Text(metric.Definition, command);
        command.Parameters.AddWithValue("environment", question.Environment);
        command.Parameters.AddWithValue("flag", question.Flag);
        command.Parameters.AddWithValue("from", question.FromVersion);
        command.Parameters.AddWithValue("exposures", exposurePosition);
        command.Parameters.AddWithValue("events", eventPosition);
        command.Parameters.AddWithValue("late", NpgsqlDbType.Interval, limits.Lateness);
        command.Parameters.AddWithValue("ahead", NpgsqlDbType.Interval, limits.ClockAhead);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var cells = new List<MomentCell>();
        while (await reader.ReadAsync(cancellationToken))
        {
            Int128 At(int column) => Int128.Parse(reader.GetString(column + 2), CultureInfo.InvariantCulture);
            cells.Add(new MomentCell(
                reader.GetInt64(0), reader.GetString(1), metric.Key,
                new MomentSums(At(0), At(1), At(2), At(3), At(4), At(5), At(6), At(7), At(8), At(9), At(10), At(11), At(12), At(13), At(14)), 0, null));
        }

        return cells;
    }

    private static string Text(MetricDefinition d, NpgsqlCommand command)
    {
        var measure = Source(d.Measure, "m", command);
        var per = d.Per is { } events ? Source(events, "d", command) : ("false", "0");
        var window = d.WindowSeconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"AND e.time < met.time + interval '{seconds} seconds'") : "";
        var post = $"e.time >= met.time {window}";
        const string Pre = "e.time < met.time AND e.time >= met.time - interval '14 days'";
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
                SELECT met.flag_version, met.variant,
                    {Sum(measure, post)} AS m_post, {Sum(per, post)} AS d_post, {Sum(measure, Pre)} AS m_pre, {Sum(per, Pre)} AS d_pre
                FROM met LEFT JOIN counted e ON e.unit_hash = met.unit_hash
                GROUP BY met.unit_hash, met.flag_version, met.variant),
            shaped AS (
                SELECT flag_version, variant, {Shape(d, "m_post")} AS m_post, {Bounded("d_post")} AS d_post, {Shape(d, "m_pre")} AS m_pre, {Bounded("d_pre")} AS d_pre
                FROM summed)
            SELECT flag_version, variant, {Sums} FROM shaped GROUP BY flag_version, variant ORDER BY flag_version, variant COLLATE "C"
            """;
    }

    private static string Sum((string Match, string Amount) source, string when) =>
        $"coalesce(sum({source.Amount}) FILTER (WHERE {source.Match} AND {when}), 0)";

    private static string Shape(MetricDefinition d, string column) => d switch
    {
        { Kind: MetricKind.Conversion } => $"least({Bounded(column)}, 1000000)",
        { Cap: { } cap } => string.Create(CultureInfo.InvariantCulture, $"least({Bounded(column)}, trunc({cap}::numeric * 1000000))"),
        _ => Bounded(column),
    };

    private static string Bounded(string column) => $"least(greatest({column}, -{FoldedMetric.Bound}::numeric), {FoldedMetric.Bound}::numeric)";

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
