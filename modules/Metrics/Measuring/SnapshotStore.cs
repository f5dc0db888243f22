using System.IO.Hashing;
using Delivery.Metrics.Events;
using Delivery.Metrics.Folding;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// The folds' states with the positions of both logs they stand for, in PostgreSQL. One transaction replaces a snapshot, so
/// that a crash at any moment leaves the former or the new one.
/// </summary>
internal sealed class SnapshotStore(NpgsqlDataSource database)
{
    private const string Table = $"{EventTable.Schema}.moment_snapshots";

    /// <summary>Bytes that hardly compress: trying it would take longer than writing them.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            BEGIN;
            SELECT pg_advisory_xact_lock(hashtextextended('{Table}', 0));
            CREATE SCHEMA IF NOT EXISTS {EventTable.Schema};
            CREATE TABLE IF NOT EXISTS {Table} (
                environment text NOT NULL,
                part integer NOT NULL,
                parts integer NOT NULL,
                exposure_position bigint NOT NULL,
                event_position bigint NOT NULL,
                digest bigint NOT NULL,
                body bytea NOT NULL,
                PRIMARY KEY (environment, part)
            );
            ALTER TABLE {Table} ALTER COLUMN body SET STORAGE EXTERNAL;
            COMMIT;
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task WriteAsync(string environment, MomentPositions at, IReadOnlyList<byte[]> parts, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var turn = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", connection, transaction))
        {
            turn.Parameters.AddWithValue($"{Table}/{environment}");
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var clear = new NpgsqlCommand($"DELETE FROM {Table} WHERE environment = $1", connection, transaction))
        {
            clear.Parameters.AddWithValue(environment);
            await clear.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var copy = await connection.BeginBinaryImportAsync($"COPY {Table} FROM STDIN (FORMAT binary)", cancellationToken))
        {
            for (var part = 0; part < parts.Count; part++)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(environment, cancellationToken);
                await copy.WriteAsync(part, cancellationToken);
                await copy.WriteAsync(parts.Count, cancellationToken);
                await copy.WriteAsync(at.Exposures, cancellationToken);
                await copy.WriteAsync(at.Events, cancellationToken);
                await copy.WriteAsync(Digest(parts[part]), cancellationToken);
                await copy.WriteAsync(parts[part], NpgsqlDbType.Bytea, cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The environments that have a snapshot.</summary>
    public async Task<IReadOnlyList<string>> EnvironmentsAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT DISTINCT environment FROM {Table} ORDER BY environment");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var environments = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
            environments.Add(reader.GetString(0));
        return environments;
    }

    /// <summary>An environment's snapshot; null when it is not whole, or not what was written.</summary>
    public async Task<(MomentPositions At, SnapshotReader Reader)?> ReadAsync(string environment, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT parts, exposure_position, event_position, digest, body FROM {Table} WHERE environment = $1 ORDER BY part");
        command.Parameters.AddWithValue(environment);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (parts, whole, at) = (new List<byte[]>(), 0, default(MomentPositions));
        while (await reader.ReadAsync(cancellationToken))
        {
            (whole, at) = (reader.GetInt32(0), new MomentPositions(reader.GetInt64(1), reader.GetInt64(2)));
            parts.Add(reader.GetFieldValue<byte[]>(4));
            if (Digest(parts[^1]) != reader.GetInt64(3))
                return null;
        }

        return parts.Count > 0 && parts.Count == whole ? (at, new SnapshotReader(parts)) : null;
    }

    private static long Digest(byte[] part) => unchecked((long)XxHash3.HashToUInt64(part));
}
