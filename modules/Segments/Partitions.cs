using System.Globalization;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// The partitions of a log by day of receipt (UTC). On entering a day its own and the next day's partition are made sure of, so a
/// partition is there a day before the first row needs it.
/// </summary>
internal sealed class Partitions(SegmentSql sql, NpgsqlDataSource database, SegmentOptions options)
{
    private readonly HashSet<DateOnly> _known = [];

    /// <summary>The partition for rows received at a time.</summary>
    public async ValueTask<string> ForAsync(DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        var day = DateOnly.FromDateTime(receivedAt.UtcDateTime);
        if (!_known.Contains(day))
        {
            await EnsureAsync(day, cancellationToken);
            await EnsureAsync(day.AddDays(1), cancellationToken);
            await ForgetBatchesAsync(receivedAt - options.RememberBatchesFor, cancellationToken);
            _known.Add(day);
        }

        return NameOf(day);
    }

    public async Task CreateTablesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"{sql.WriterLock};\n{sql.Tables()}", connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public string NameOf(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{sql.Name}_{day:yyyyMMdd}");

    private async Task ForgetBatchesAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"DELETE FROM {sql.Batches} WHERE received_at < $1");
        command.Parameters.AddWithValue(before.ToUniversalTime());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Attaching takes a weaker lock than <c>CREATE ... PARTITION OF</c>: a long export does not hold up the intake.</summary>
    private async Task EnsureAsync(DateOnly day, CancellationToken cancellationToken)
    {
        var name = $"{sql.Schema}.{NameOf(day)}";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var taken = new NpgsqlCommand($"{sql.WriterLock}; SELECT to_regclass('{name}') IS NOT NULL", connection, transaction))
        await using (var reader = await taken.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            if (reader.GetBoolean(0))
                return;
        }

        var indexes = sql.Indexes.Select(body => $"CREATE INDEX ON {name} {body};");
        await using var create = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TABLE {name} (LIKE {sql.Rows});
            {string.Join('\n', indexes)}
            ALTER TABLE {sql.Rows} ATTACH PARTITION {name} FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00');
            """), connection, transaction);
        await create.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
