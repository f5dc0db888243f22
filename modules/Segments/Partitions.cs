using System.Globalization;
using Npgsql;

namespace Delivery.Segments;

/// <summary>A table that takes rows: the positions from <paramref name="First"/> up to, and without, <paramref name="End"/>.</summary>
internal sealed record Slice(string Table, long First, long End);

/// <summary>
/// The partitions of a log: by day of receipt (UTC), and within a day by position into slices. A slice that is full takes
/// no more rows, which is when its indexes are cheapest to build; see <see cref="SliceIndexer"/>.
/// </summary>
internal sealed class Partitions(SegmentSql sql, NpgsqlDataSource database, SegmentOptions options)
{
    private (DateOnly Day, Slice Slice)? _current;
    private DateOnly? _batchesForgottenOn;

    public async Task CreateTablesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"{sql.WriterLock};\n{sql.Tables()}", connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>
    /// The slice for a position. It is made, if need be, in the caller's transaction, which holds the writer's lock: it is there
    /// when the rows are, and nobody else makes it meanwhile.
    /// </summary>
    public async ValueTask<Slice> ForAsync(DateTimeOffset receivedAt, long position, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var day = DateOnly.FromDateTime(receivedAt.UtcDateTime);
        if (_current is not { } current || current.Day != day || position < current.Slice.First || position >= current.Slice.End)
            _current = current = (day, await FindAsync(day, position, connection, cancellationToken) ?? await MakeAsync(day, position, connection, cancellationToken));
        return current.Slice;
    }

    /// <summary>After a transaction that failed: what it made is not there.</summary>
    public void LookAgain() => _current = null;

    /// <summary>Once a day, batch numbers that were remembered long enough are forgotten.</summary>
    public async ValueTask ForgetBatchesAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        if (_batchesForgottenOn == today)
            return;
        await using var command = database.CreateCommand($"DELETE FROM {sql.Batches} WHERE received_at < $1");
        command.Parameters.AddWithValue((now - options.RememberBatchesFor).ToUniversalTime());
        await command.ExecuteNonQueryAsync(cancellationToken);
        _batchesForgottenOn = today;
    }

    private string NameOf(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{sql.Name}_{day:yyyyMMdd}");

    /// <summary>A day's partition without slices, as earlier versions made them, takes whatever comes.</summary>
    private async Task<Slice?> FindAsync(DateOnly day, long position, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"{SegmentSql.Slices} WHERE first <= $2 AND \"end\" > $2 ORDER BY first DESC LIMIT 1", connection)
        {
            Parameters = { new() { Value = $"{sql.Schema}.{NameOf(day)}" }, new() { Value = position } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new Slice(reader.GetString(1), reader.GetInt64(3), reader.GetInt64(4)) : null;
    }

    /// <summary>Attaching takes a weaker lock than <c>CREATE ... PARTITION OF</c>: a long export does not hold up the intake.</summary>
    private async Task<Slice> MakeAsync(DateOnly day, long position, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var parent = $"{sql.Schema}.{NameOf(day)}";
        var slice = new Slice(string.Create(CultureInfo.InvariantCulture, $"{NameOf(day)}_{position}"), position, position + options.SliceRows);
        await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"""
            DO $do$ BEGIN
              IF to_regclass('{parent}') IS NULL THEN
                CREATE TABLE {parent} (LIKE {sql.Rows}) PARTITION BY RANGE (position);
                ALTER TABLE {sql.Rows} ATTACH PARTITION {parent} FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00:00+00') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00:00+00');
              END IF;
              CREATE TABLE {sql.Schema}.{slice.Table} (LIKE {sql.Rows});
              ALTER TABLE {parent} ATTACH PARTITION {sql.Schema}.{slice.Table} FOR VALUES FROM ({slice.First}) TO ({slice.End});
            END $do$
            """), connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return slice;
    }
}
