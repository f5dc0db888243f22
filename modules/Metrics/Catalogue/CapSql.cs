using Delivery.Contracts.Metrics;
using Delivery.Metrics.Health;
using Delivery.Metrics.Measuring;
using Delivery.Statistics;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Catalogue;

/// <summary>A percentile of the units' values in a period, over the raw rows: all units with such an event together, whatever they were exposed to.</summary>
internal sealed class CapSql(NpgsqlDataSource database, FoldLimits limits)
{
    /// <summary>How many units there are, and the least value that so many percent of them don't exceed; 0 without units.</summary>
    public async Task<(long Units, decimal Value)> ReadAsync(
        MetricDefinition definition, CapOrigin origin, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var planning = new NpgsqlCommand(MomentSql.Planning, connection))
            await planning.ExecuteNonQueryAsync(cancellationToken);
        // As long as the caller waits: a window of events is read.
        await using var command = new NpgsqlCommand { Connection = connection, CommandTimeout = 0 };
        var (match, amount) = MomentSql.Source(definition.Measure, "m", command);
        command.CommandText = $"""
            WITH counted AS (
                SELECT DISTINCT ON (id) * FROM metrics.events
                WHERE environment = @environment AND time >= @from AND time < @to
                    AND received_at >= @from - @ahead AND received_at < @to + @late AND received_at - time <= @late AND time - received_at <= @ahead
                ORDER BY id, position),
            valued AS (SELECT {MomentSql.Bounded($"sum({amount})")} AS value FROM counted e WHERE {match} GROUP BY unit_hash)
            SELECT count(*), coalesce(percentile_disc(@share) WITHIN GROUP (ORDER BY value), 0) FROM valued
            """;
        command.Parameters.AddWithValue("environment", origin.Environment);
        command.Parameters.AddWithValue("from", from);
        command.Parameters.AddWithValue("to", to);
        command.Parameters.AddWithValue("share", (double)(origin.Percentile / 100));
        command.Parameters.AddWithValue("late", NpgsqlDbType.Interval, limits.Lateness);
        command.Parameters.AddWithValue("ahead", NpgsqlDbType.Interval, limits.ClockAhead);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetDecimal(1) / FixedPoint.Scale);
    }
}
