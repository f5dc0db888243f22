using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Metrics.Health;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Queries;

/// <summary>
/// Reads recorded events newest first. The rows have no index but their position (each would cost the intake), so a page
/// looks through windows of positions, and through a bounded number of rows: a page may be short, or empty, and still have a next.
/// </summary>
internal sealed class EventPages(NpgsqlDataSource database, IOptions<FoldLimits> limits)
{
    private const int WindowRows = 100_000;
    private const int MostWindows = 10;

    public async Task<Page<EventView>> ReadAsync(EventQuery query, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var before = query.Before ?? await Head(connection, cancellationToken) + 1;
        var items = new List<EventView>();
        for (var window = 0; window < MostWindows && before > 1 && items.Count < query.Limit; window++)
        {
            var from = Math.Max(1, before - WindowRows);
            await using var command = Select(connection, query, from, before, query.Limit - items.Count);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                items.Add(Row(reader));
            before = items.Count == query.Limit ? items[^1].Position : from;
        }

        return new Page<EventView>(items, before > 1 ? before.ToString(CultureInfo.InvariantCulture) : null);
    }

    private static async Task<long> Head(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(max(last_position), 0) FROM metrics.events_segments", connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static NpgsqlCommand Select(NpgsqlConnection connection, EventQuery query, long from, long before, int limit)
    {
        var where = new StringBuilder("position >= @first AND position < @before");
        var command = new NpgsqlCommand { Connection = connection };
        void Where(string sql, string name, NpgsqlDbType type, object? value)
        {
            if (value is null)
                return;
            where.Append(" AND ").Append(sql);
            command.Parameters.Add(new NpgsqlParameter(name, type) { Value = value });
        }

        command.Parameters.AddWithValue("first", from);
        command.Parameters.AddWithValue("before", before);
        command.Parameters.AddWithValue("limit", limit);
        Where("environment = @environment", "environment", NpgsqlDbType.Text, query.Environment);
        Where("name = @name", "name", NpgsqlDbType.Text, query.Name);
        Where("unit = @unit", "unit", NpgsqlDbType.Text, query.Unit);
        Where("unit_hash = @unithash", "unithash", NpgsqlDbType.Bigint, query.Unit is { } unit ? unchecked((long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(unit))) : null);
        Where("jsonb_exists(flags::jsonb, @flag)", "flag", NpgsqlDbType.Text, query.Flag);
        Where("time >= @from", "from", NpgsqlDbType.TimestampTz, query.From);
        Where("time < @to", "to", NpgsqlDbType.TimestampTz, query.To);
        command.CommandText = $"""
            SELECT position, id, environment, name, unit, value_micro_units, duration_microseconds, outcome, time, received_at, flags, properties, source
            FROM metrics.events WHERE {where} ORDER BY position DESC LIMIT @limit
            """;
        return command;
    }

    private EventView Row(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
        reader.IsDBNull(5) ? null : reader.GetInt64(5) / 1_000_000m,
        reader.IsDBNull(6) ? null : reader.GetInt64(6) / 1_000m,
        (Events.RequestOutcome)reader.GetInt16(7) is var outcome and not Events.RequestOutcome.NotSaid ? outcome == Events.RequestOutcome.Failed : null,
        reader.GetFieldValue<DateTimeOffset>(8), reader.GetFieldValue<DateTimeOffset>(9),
        limits.Value.TimingOf(reader.GetFieldValue<DateTimeOffset>(8), reader.GetFieldValue<DateTimeOffset>(9)),
        Object(reader, 10), Object(reader, 11), reader.IsDBNull(12) ? null : reader.GetString(12));

    private static JsonElement? Object(NpgsqlDataReader reader, int column)
    {
        if (reader.IsDBNull(column))
            return null;
        using var document = JsonDocument.Parse(reader.GetString(column));
        return document.RootElement.Clone();
    }
}

/// <summary>An event as it was recorded.</summary>
/// <param name="Position">Its place in the log.</param>
/// <param name="Value">The value, to the millionth.</param>
/// <param name="DurationMs">The duration in milliseconds, to the microsecond.</param>
/// <param name="Error">Whether the request failed; absent when the sender didn't say.</param>
/// <param name="Time">When it happened, by the sender's clock.</param>
/// <param name="ReceivedAt">When the log took it.</param>
/// <param name="Timing">How both relate: what is too late, or too far ahead, is recorded and not counted.</param>
/// <param name="Source">The sender's instance.</param>
internal sealed record EventView(
    long Position, Guid Id, string Environment, string Name, string Unit, decimal? Value, decimal? DurationMs, bool? Error,
    DateTimeOffset Time, DateTimeOffset ReceivedAt, EventTiming Timing, JsonElement? Flags, JsonElement? Properties, string? Source);
