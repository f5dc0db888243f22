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
/// rows since the last count are added in the transaction that notes how far it came, so that a crash counts nothing twice.
/// It counts by what rows share, one number, and puts flags and variants to the few counts: sorting rows by their texts took as long as storing
/// them. One process of the database does it, the others are the intake's.
/// </summary>
internal sealed partial class UsageTally(
    SegmentLog<RecordedExposure> log, NpgsqlDataSource database, IOptions<ExposureOptions> options, TimeProvider time, ILogger<UsageTally> logger)
    : BackgroundService
{
    private const string Days = $"{ExposureTable.Schema}.flag_usage";
    private const string Counted = $"{ExposureTable.Schema}.flag_usage_head";

    /// <summary>Bounds a transaction when there is much to catch up on.</summary>
    private const long MostRowsAtOnce = 5_000_000;

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
        var upTo = Math.Min(head, after + MostRowsAtOnce);
        if (upTo <= after)
            return after;
        await using var alone = new NpgsqlCommand("SET LOCAL max_parallel_workers_per_gather = 0", connection, transaction);
        await alone.ExecuteNonQueryAsync(cancellationToken);
        await using var count = new NpgsqlCommand($"""
            INSERT INTO {Days} AS known (day, environment, flag, variant, exposures, last_at)
            SELECT day, environment, flag, variant, sum(exposures)::bigint, max(last_at)
            FROM (SELECT (received_at AT TIME ZONE 'UTC')::date AS day, shared, count(*) AS exposures, max(received_at) AS last_at
                  FROM {ExposureTable.Rows} WHERE position > $1 AND position <= $2 GROUP BY 1, 2) AS counted
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
