using System.Buffers.Binary;
using Delivery.Metrics.Events;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// The cumulative series of units and arms, in PostgreSQL, so that a restart goes on counting where it was. One request of a sender at a
/// time moves them on; the events follow, and their commit is noted. What was not noted the next point counts again.
/// </summary>
internal sealed class SeriesStore(NpgsqlDataSource database, IOptions<OtlpEventOptions> options, TimeProvider time) : IDisposable
{
    private const string Table = $"{EventTable.Schema}.otlp_series";
    private static readonly TimeSpan TidyEvery = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, SeriesTurn.MostAtOnce).Select(_ => new SemaphoreSlim(1))];
    private readonly SeriesQuota _quota = new(Table);
    private readonly SemaphoreSlim _preparing = new(1);
    private bool _created;
    private DateTimeOffset _tidied;

    public void Dispose()
    {
        foreach (var turn in _turns)
            turn.Dispose();
        _preparing.Dispose();
    }

    /// <summary>Waits until no other request moves these senders' series on; held until the events are committed and noted.</summary>
    public Task<SeriesTurn> TurnAsync(IReadOnlyList<SentPoint> points, CancellationToken cancellationToken) =>
        SeriesTurn.WaitAsync(_turns, points.Select(p => (int)(p.Sender % SeriesTurn.MostAtOnce)), database, Table, cancellationToken);

    /// <summary>Moves series on, and says from what each point is counted. In the caller's turn.</summary>
    /// <param name="points">The points.</param>
    /// <param name="cancellationToken">Ends it; nothing is moved on then.</param>
    public async Task<IReadOnlyList<CountedFrom>> TakeAsync(IReadOnlyList<SentPoint> points, CancellationToken cancellationToken)
    {
        var (now, rememberFor) = (time.GetUtcNow(), options.Value.RememberSeriesFor);
        await ReadyAsync(now, rememberFor, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var states = await ReadAsync(connection, [.. points.Select(p => Uuid(p.Series)).Distinct()], cancellationToken);
        var refused = await RefusedAsync([.. points.Where(p => !states.ContainsKey(p.Series))], connection, now, cancellationToken);
        var oldest = (ulong)((now - rememberFor) - DateTimeOffset.UnixEpoch).Ticks * 100;
        var from = new CountedFrom[points.Count];
        foreach (var (index, point) in points.Index().OrderBy(p => p.Item.Point.Time))
        {
            if (refused.Contains(point.Series))
                from[index] = CountedFrom.Refused.Instance;
            else
                (states[point.Series], from[index]) = SeriesState.Take(states.GetValueOrDefault(point.Series), point.Point, oldest);
        }

        var environments = points.DistinctBy(p => p.Series).ToDictionary(p => p.Series, p => p.Environment);
        await WriteAsync(connection, [.. states.Values], environments, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return from;
    }

    /// <summary>Notes that the points' events are committed.</summary>
    public async Task ConfirmAsync(IReadOnlyList<SentPoint> points, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            UPDATE {Table} SET confirmed = true FROM unnest($1, $2) AS taken (series, time_nano)
            WHERE {Table}.series = taken.series AND {Table}.time_nano = taken.time_nano
            """);
        command.Parameters.AddWithValue(points.Select(p => Uuid(p.Series)).ToArray());
        command.Parameters.AddWithValue(points.Select(p => (long)p.Point.Time).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Of series that are new, those that their environment has no room for.</summary>
    private async Task<HashSet<UInt128>> RefusedAsync(IReadOnlyList<SentPoint> fresh, NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var refused = new HashSet<UInt128>();
        foreach (var environment in fresh.GroupBy(p => p.Environment, p => p.Series, StringComparer.Ordinal))
        {
            var series = environment.Distinct().ToList();
            refused.UnionWith(series.Skip(await _quota.TakeAsync(environment.Key, series.Count, options.Value.MostSeries, connection, now, cancellationToken)));
        }

        return refused;
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
            _quota.Forget();
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
            ALTER TABLE {Table} ADD COLUMN IF NOT EXISTS environment text NOT NULL DEFAULT '';
            CREATE INDEX IF NOT EXISTS otlp_series_seen_at ON {Table} (seen_at);
            CREATE INDEX IF NOT EXISTS otlp_series_environment ON {Table} (environment);
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

    private static async Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<SeriesState> states, Dictionary<UInt128, string> environments, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            INSERT INTO {Table} (series, start_nano, time_nano, point, before, baseline, confirmed, environment, seen_at)
            SELECT series, start_nano, time_nano, point, before, baseline, confirmed, environment, $9
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS s (series, start_nano, time_nano, point, before, baseline, confirmed, environment)
            ON CONFLICT (series) DO UPDATE SET start_nano = excluded.start_nano, time_nano = excluded.time_nano, point = excluded.point,
                before = excluded.before, baseline = excluded.baseline, confirmed = excluded.confirmed, environment = excluded.environment, seen_at = excluded.seen_at
            """, connection);
        command.Parameters.AddWithValue(states.Select(s => Uuid(s.Last.Series)).ToArray());
        command.Parameters.AddWithValue(states.Select(s => (long)s.Last.Start).ToArray());
        command.Parameters.AddWithValue(states.Select(s => (long)s.Last.Time).ToArray());
        command.Parameters.AddWithValue(states.Select(s => s.Last.Body).ToArray());
        command.Parameters.Add(new NpgsqlParameter { Value = states.Select(s => (object?)s.Before ?? DBNull.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        command.Parameters.AddWithValue(states.Select(s => s.IsBaseline).ToArray());
        command.Parameters.AddWithValue(states.Select(s => s.Confirmed).ToArray());
        command.Parameters.AddWithValue(states.Select(s => environments[s.Last.Series]).ToArray());
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
