using System.Buffers.Binary;
using Delivery.Metrics.Events;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// The cumulative series of units and arms, in PostgreSQL, so that a restart goes on counting where it was. One request at a time
/// moves them on; the events follow, and their commit is noted. What was not noted the next point counts again.
/// </summary>
internal sealed class SeriesStore(NpgsqlDataSource database, TimeProvider time) : IDisposable
{
    private const string Table = $"{EventTable.Schema}.otlp_series";
    private static readonly TimeSpan TidyEvery = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _preparing = new(1);
    private bool _created;
    private DateTimeOffset _tidied;

    public void Dispose()
    {
        _turn.Dispose();
        _preparing.Dispose();
    }

    /// <summary>Waits until no other request moves series on; held until the events are committed and noted.</summary>
    public Task<SeriesTurn> TurnAsync(CancellationToken cancellationToken) => SeriesTurn.WaitAsync(_turn, database, Table, cancellationToken);

    /// <summary>Moves series on, and says from what each point is counted. In the caller's turn.</summary>
    /// <param name="points">The points.</param>
    /// <param name="rememberFor">How long a series is remembered after its last point.</param>
    /// <param name="cancellationToken">Ends it; nothing is moved on then.</param>
    public async Task<IReadOnlyList<CountedFrom>> TakeAsync(IReadOnlyList<CumulativePoint> points, TimeSpan rememberFor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await ReadyAsync(now, rememberFor, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var states = await ReadAsync(connection, [.. points.Select(p => Uuid(p.Series)).Distinct()], cancellationToken);
        var oldest = (ulong)((now - rememberFor) - DateTimeOffset.UnixEpoch).Ticks * 100;
        var from = new CountedFrom[points.Count];
        foreach (var (index, point) in points.Index().OrderBy(p => p.Item.Time))
            (states[point.Series], from[index]) = SeriesState.Take(states.GetValueOrDefault(point.Series), point, oldest);
        await WriteAsync(connection, [.. states.Values], now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return from;
    }

    /// <summary>Notes that the points' events are committed.</summary>
    public async Task ConfirmAsync(IReadOnlyList<CumulativePoint> points, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            UPDATE {Table} SET confirmed = true FROM unnest($1, $2) AS taken (series, time_nano)
            WHERE {Table}.series = taken.series AND {Table}.time_nano = taken.time_nano
            """);
        command.Parameters.AddWithValue(points.Select(p => Uuid(p.Series)).ToArray());
        command.Parameters.AddWithValue(points.Select(p => (long)p.Time).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task ReadyAsync(DateTimeOffset now, TimeSpan rememberFor, CancellationToken cancellationToken)
    {
        await _preparing.WaitAsync(cancellationToken);
        try
        {
            if (!_created)
            {
                await CreateAsync(cancellationToken);
                _created = true;
            }

            if (now - _tidied < TidyEvery)
                return;
            await using var command = database.CreateCommand($"DELETE FROM {Table} WHERE seen_at < $1");
            command.Parameters.AddWithValue(now - rememberFor);
            await command.ExecuteNonQueryAsync(cancellationToken);
            _tidied = now;
        }
        finally
        {
            _preparing.Release();
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            BEGIN;
            SELECT pg_advisory_xact_lock(hashtextextended('{Table}', 0));
            CREATE SCHEMA IF NOT EXISTS {EventTable.Schema};
            CREATE TABLE IF NOT EXISTS {Table} (
                series uuid PRIMARY KEY,
                start_nano bigint NOT NULL,
                time_nano bigint NOT NULL,
                point bytea NOT NULL,
                before bytea,
                baseline boolean NOT NULL,
                confirmed boolean NOT NULL,
                seen_at timestamptz NOT NULL
            );
            COMMIT;
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<Dictionary<UInt128, SeriesState>> ReadAsync(NpgsqlConnection connection, Guid[] series, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT series, start_nano, time_nano, point, before, baseline, confirmed FROM {Table} WHERE series = ANY($1)", connection);
        command.Parameters.AddWithValue(series);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var states = new Dictionary<UInt128, SeriesState>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var key = Number(reader.GetGuid(0));
            var last = new CumulativePoint(key, (ulong)reader.GetInt64(1), (ulong)reader.GetInt64(2), reader.GetFieldValue<byte[]>(3));
            states[key] = new SeriesState(last, await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetFieldValue<byte[]>(4), reader.GetBoolean(5), reader.GetBoolean(6));
        }

        return states;
    }

    private static async Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<SeriesState> states, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            INSERT INTO {Table} (series, start_nano, time_nano, point, before, baseline, confirmed, seen_at)
            SELECT series, start_nano, time_nano, point, before, baseline, confirmed, $8
            FROM unnest($1, $2, $3, $4, $5, $6, $7) AS s (series, start_nano, time_nano, point, before, baseline, confirmed)
            ON CONFLICT (series) DO UPDATE SET start_nano = excluded.start_nano, time_nano = excluded.time_nano, point = excluded.point,
                before = excluded.before, baseline = excluded.baseline, confirmed = excluded.confirmed, seen_at = excluded.seen_at
            """, connection);
        command.Parameters.AddWithValue(states.Select(s => Uuid(s.Last.Series)).ToArray());
        command.Parameters.AddWithValue(states.Select(s => (long)s.Last.Start).ToArray());
        command.Parameters.AddWithValue(states.Select(s => (long)s.Last.Time).ToArray());
        command.Parameters.AddWithValue(states.Select(s => s.Last.Body).ToArray());
        command.Parameters.Add(new NpgsqlParameter { Value = states.Select(s => (object?)s.Before ?? DBNull.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        command.Parameters.AddWithValue(states.Select(s => s.IsBaseline).ToArray());
        command.Parameters.AddWithValue(states.Select(s => s.Confirmed).ToArray());
        command.Parameters.AddWithValue(now);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static Guid Uuid(UInt128 number)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new Guid(bytes, bigEndian: true);
    }

    private static UInt128 Number(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
