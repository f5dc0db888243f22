using Delivery.Contracts.Exposures;
using Delivery.Segments;
using Mediator;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Exposures.Usage;

/// <summary>
/// Exposures by day, flag and variant, beside the ledger: who asks when a flag was last met need not read the ledger. The
/// segments since the last count are added in the transaction that notes how far it came, so that a crash counts nothing twice.
/// A segment says how many of its rows share what; rows are read only where segments of earlier versions do not.
/// </summary>
internal sealed partial class UsageTally(
    SegmentLog<RecordedExposure> log, NpgsqlDataSource database, IOptions<ExposureOptions> options, TimeProvider time, ILogger<UsageTally> logger)
    : BackgroundService
{
    private const string Days = $"{ExposureTable.Schema}.flag_usage";
    private const string Counted = $"{ExposureTable.Schema}.flag_usage_head";

    /// <summary>Bounds a transaction when there is much to catch up on.</summary>
    private const int MostSegmentsAtOnce = 1_000;

    private const string BySegment = $"""
        SELECT (received_at AT TIME ZONE 'UTC')::date AS day, part.shared, sum(part.rows) AS exposures, max(received_at) AS last_at
        FROM {ExposureTable.Segments} AS s, unnest(s.shared, s.shared_rows) AS part (shared, rows)
        WHERE s.first_position > $1 AND s.last_position <= $2 GROUP BY 1, 2
        """;

    private const string ByRow = $"""
        SELECT (received_at AT TIME ZONE 'UTC')::date AS day, shared, count(*) AS exposures, max(received_at) AS last_at
        FROM {ExposureTable.Rows} WHERE position > $1 AND position <= $2 GROUP BY 1, 2
        """;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            CREATE SCHEMA IF NOT EXISTS {ExposureTable.Schema};
            CREATE TABLE IF NOT EXISTS {Days} (
              day date NOT NULL, environment text NOT NULL, flag text NOT NULL, variant text NOT NULL,
              exposures bigint NOT NULL, last_at timestamptz NOT NULL, PRIMARY KEY (flag, environment, variant, day));
            CREATE TABLE IF NOT EXISTS {Counted} (one boolean PRIMARY KEY DEFAULT true CHECK (one), position bigint NOT NULL);
            INSERT INTO {Counted} (position) VALUES (0) ON CONFLICT DO NOTHING;
            """);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Counts what was committed since the last count.</summary>
    public async Task CountAsync(CancellationToken cancellationToken)
    {
        var head = (await log.HeadAsync(cancellationToken)).Position;
        long counted;
        do
            counted = await CountAsync(head, cancellationToken);
        while (counted < head);
    }

    public async Task<IReadOnlyList<VariantUsage>> ReadAsync(DateOnly from, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            SELECT environment, flag, variant, coalesce(sum(exposures) FILTER (WHERE day >= $1), 0)::bigint, min(day), max(last_at)
            FROM {Days} GROUP BY environment, flag, variant ORDER BY flag, environment, variant
            """);
        command.Parameters.AddWithValue(from);
        var usage = new List<VariantUsage>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            usage.Add(new VariantUsage(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetFieldValue<DateOnly>(4), reader.GetFieldValue<DateTimeOffset>(5)));
        return usage;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CountUsageEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CountAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    /// <returns>How far it came.</returns>
    private async Task<long> CountAsync(long head, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var noted = new NpgsqlCommand($"SELECT position FROM {Counted} FOR UPDATE", connection, transaction);
        var after = (long)(await noted.ExecuteScalarAsync(cancellationToken))!;
        var (upTo, isTold) = await NextAsync(after, head, connection, cancellationToken);
        if (upTo <= after)
            return after;
        await using var alone = new NpgsqlCommand("SET LOCAL max_parallel_workers_per_gather = 0", connection, transaction);
        await alone.ExecuteNonQueryAsync(cancellationToken);
        await using var count = new NpgsqlCommand($"""
            INSERT INTO {Days} AS known (day, environment, flag, variant, exposures, last_at)
            SELECT day, environment, flag, variant, sum(exposures)::bigint, max(last_at)
            FROM ({(isTold ? BySegment : ByRow)}) AS counted
            JOIN {ExposureTable.Shared} USING (shared) GROUP BY 1, 2, 3, 4
            ON CONFLICT (flag, environment, variant, day) DO UPDATE
              SET exposures = known.exposures + excluded.exposures, last_at = greatest(known.last_at, excluded.last_at);
            """, connection, transaction);
        count.Parameters.AddWithValue(after);
        count.Parameters.AddWithValue(upTo);
        await count.ExecuteNonQueryAsync(cancellationToken);
        await using var note = new NpgsqlCommand($"UPDATE {Counted} SET position = $1", connection, transaction);
        note.Parameters.AddWithValue(upTo);
        await note.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return upTo;
    }

    /// <summary>How far the next count goes, and whether the segments up to there all tell what their rows share.</summary>
    private static async Task<(long UpTo, bool IsTold)> NextAsync(long after, long head, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT max(last_position) FILTER (WHERE shared IS NULL OR first_position <= $1), max(last_position)
            FROM (SELECT * FROM {ExposureTable.Segments} WHERE last_position > $1 AND last_position <= $2 ORDER BY last_position LIMIT {MostSegmentsAtOnce}) AS next
            """, connection) { Parameters = { new() { Value = after }, new() { Value = head } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return !reader.IsDBNull(0) ? (reader.GetInt64(0), false) : (reader.IsDBNull(1) ? after : reader.GetInt64(1), true);
    }

    [LoggerMessage(3010, LogLevel.Warning, "The exposures since the last count could not be counted; the next count takes them along.")]
    private partial void LogFailed(Exception exception);
}

internal sealed class GetFlagUsageHandler(UsageTally tally) : IQueryHandler<GetFlagUsage, IReadOnlyList<VariantUsage>>
{
    public async ValueTask<IReadOnlyList<VariantUsage>> Handle(GetFlagUsage query, CancellationToken cancellationToken)
    {
        await tally.CountAsync(cancellationToken);
        return await tally.ReadAsync(query.From, cancellationToken);
    }
}
