using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Contracts.Auditing;
using Mediator;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Server.Auditing;

/// <summary>
/// Reads the event log by SQL, without the modules' types: the record must stay readable when their code has moved on.
/// Sequences are handed out before their transactions commit, so a lower one may appear after a higher one. A reader that
/// pages by sequence must not step over it: an event is shown once every lower sequence is there or is older than any
/// open transaction (a rolled-back one never comes).
/// </summary>
internal sealed class ReadEventsHandler(NpgsqlDataSource database, TimeProvider time) : IQueryHandler<ReadEvents, IReadOnlyList<RecordedEvent>>
{
    /// <summary>No writing transaction of the platform lives longer.</summary>
    private static readonly TimeSpan LongestTransaction = TimeSpan.FromSeconds(5);

    /// <summary>Marten marks the sequences of a lost race with events of its own; nobody did anything there.</summary>
    private const string NoTombstones = "stream_id <> 'mt_tombstone'";

    private const string Settled = """
        WITH young AS (
            SELECT seq_id, lag(seq_id) OVER (ORDER BY seq_id) AS previous
            FROM events.mt_events
            WHERE seq_id >= (SELECT coalesce(max(seq_id), 0) FROM events.mt_events WHERE timestamp < @settled)
        )
        SELECT min(previous) FROM young WHERE previous IS NOT NULL AND seq_id > previous + 1
        """;

    public async ValueTask<IReadOnlyList<RecordedEvent>> Handle(ReadEvents query, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var upTo = await SettledUpTo(connection, cancellationToken);
        await using var command = Select(connection, query, upTo);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var events = new List<RecordedEvent>();
        while (await reader.ReadAsync(cancellationToken))
            events.Add(Row(reader));
        return events;
    }

    /// <summary>The last sequence below which nothing can still appear; null when there is no open gap.</summary>
    private async Task<long?> SettledUpTo(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Settled, connection);
        command.Parameters.AddWithValue("settled", time.GetUtcNow() - LongestTransaction);
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    private static NpgsqlCommand Select(NpgsqlConnection connection, ReadEvents query, long? upTo)
    {
        var f = query.Filter;
        var where = new List<string> { NoTombstones };
        var command = new NpgsqlCommand { Connection = connection };
        void Where(string sql, string name, NpgsqlDbType type, object? value)
        {
            if (value is null)
                return;
            where.Add(sql);
            command.Parameters.Add(new NpgsqlParameter(name, type) { Value = value });
        }

        Where("seq_id <= @upto", "upto", NpgsqlDbType.Bigint, upTo);
        Where(query.Descending ? "seq_id < @after" : "seq_id > @after", "after", NpgsqlDbType.Bigint, query.AfterSequence);
        if (f is { Kind: { } kind, Key: { } key })
            Where("stream_id = @stream", "stream", NpgsqlDbType.Varchar, $"{kind}:{key}");
        else
        {
            Where("split_part(stream_id, ':', 1) = @kind", "kind", NpgsqlDbType.Text, f.Kind);
            Where("substr(stream_id, strpos(stream_id, ':') + 1) = @key", "key", NpgsqlDbType.Text, f.Key);
        }

        if (f is { Seals: false, Kind: not "ledger" })
            where.Add("stream_id NOT LIKE 'ledger:%'");
        Where("user_name = @actor", "actor", NpgsqlDbType.Text, f.Actor);
        Where("type = @type", "type", NpgsqlDbType.Text, f.Type is null ? null : StreamNames.TypeInside(f.Type));
        Where("correlation_id = @correlation", "correlation", NpgsqlDbType.Text, f.CorrelationId);
        Where("timestamp >= @from", "from", NpgsqlDbType.TimestampTz, f.From?.ToUniversalTime());
        Where("timestamp < @to", "to", NpgsqlDbType.TimestampTz, f.To?.ToUniversalTime());
        command.Parameters.AddWithValue("limit", query.Limit);
        command.CommandText = $"""
            SELECT seq_id, id, timestamp, stream_id, version, type, user_name, headers->>'{Pipeline.EventHeaders.Comment}', correlation_id, causation_id, data
            FROM events.mt_events WHERE {string.Join(" AND ", where)}
            ORDER BY seq_id {(query.Descending ? "DESC" : "ASC")} LIMIT @limit
            """;
        return command;
    }

    /// <summary>Hashes of secrets help nobody who reads the record.</summary>
    private static JsonElement Redacted(string stored)
    {
        var data = JsonNode.Parse(stored)!.AsObject();
        data.Remove("secretHash");
        return JsonSerializer.SerializeToElement(data);
    }

    private static RecordedEvent Row(NpgsqlDataReader reader)
    {
        string? Text(int column) => reader.IsDBNull(column) || reader.GetString(column) is not { Length: > 0 } text ? null : text;
        var (kind, key) = StreamNames.Split(reader.GetString(3));
        return new RecordedEvent(
            reader.GetInt64(0), reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2), kind, key, reader.GetInt64(4),
            StreamNames.TypeOutside(reader.GetString(5)), Text(6), Text(7), Text(8), Text(9), Redacted(reader.GetString(10)));
    }
}
