using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// Builds the indexes of slices in the background: of a full one at once, of the open one while few rows come in, and drops
/// that again when many do. Sorting a slice's rows once costs a fraction of finding each row's place as it arrives. A slice
/// without them is read row by row: slower, and right.
/// </summary>
internal sealed partial class SliceIndexer(
    SegmentSql sql, NpgsqlDataSource database, SegmentOptions options, TimeProvider time, ILogger<SliceIndexer> logger) : BackgroundService
{
    /// <summary>Reading fewer rows one by one takes no longer than asking an index.</summary>
    private const int FewRows = 10_000;

    private const int FewBytes = 1 << 20;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly IntakePace _pace = new(options.CalmRowsPerSecond);
    private long _lookedAt = time.GetTimestamp();

    /// <summary>
    /// Tells the position's BRIN index of the pages that were filled since; until then a reader of any position reads all of them.
    /// </summary>
    private async Task SummarizeAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => await ExecuteAsync($"""
        SELECT brin_summarize_new_values(i.indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam AND am.amname = 'brin'
        WHERE i.indrelid IN (SELECT oid FROM ({SegmentSql.Slices.Replace("$1", $"'{sql.Rows}'", StringComparison.Ordinal)}) AS s ORDER BY first DESC LIMIT 2)
        """, connection, cancellationToken);

    /// <summary>
    /// A slice that nothing is known of is read as a whole for any run of positions: the planner does not know that rows lie in their
    /// order. Autovacuum comes a minute and some million rows later. Only the slices are asked for their size: to ask all relations of a
    /// database that were never analyzed, hundreds of files, takes longer than a group's commit.
    /// </summary>
    private async Task AnalyzeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var unknown = new NpgsqlCommand($"""
            SELECT s.name FROM ({SegmentSql.Slices}) AS s
            WHERE (SELECT c.reltuples FROM pg_class c WHERE c.oid = s.oid) < 0 AND pg_relation_size(s.oid) > {FewBytes}
            """, connection) { Parameters = { new() { Value = sql.Rows } } };
        var names = new List<string>();
        await using (var reader = await unknown.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                names.Add(reader.GetString(0));
        }

        foreach (var name in names)
            await AnalyzeAsync(name, connection, cancellationToken);
    }

    /// <summary>Builds what is missing, drops what is in the way of many rows, and says how many indexes that were.</summary>
    public async Task<int> LookAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var position = await PositionAsync(connection, cancellationToken);
        _pace.Look(position, time.GetElapsedTime(_lookedAt));
        _lookedAt = time.GetTimestamp();
        await SummarizeAsync(connection, cancellationToken);
        await AnalyzeAsync(connection, cancellationToken);
        var work = (await IndexesAsync(connection, cancellationToken)).Where(index => IsWork(index, position)).ToList();
        if (work.Count == 0 || !await LockAsync(connection, cancellationToken))
            return 0;
        try
        {
            foreach (var index in work)
                await (index.IsBuilt ? DropAsync(index, connection, cancellationToken) : BuildAsync(index, connection, cancellationToken));
            return work.Count;
        }
        finally
        {
            await ExecuteAsync($"SELECT pg_advisory_unlock({sql.IndexLock}); RESET ALL", connection, CancellationToken.None);
        }
    }

    private bool IsWork(SliceIndex index, long position) =>
        index.IsFull ? !index.IsBuilt
        : index.IsBuilt ? _pace.IsBusy
        : _pace.IsCalm && position - index.Slice.First >= FewRows;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryLookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task TryLookAsync(CancellationToken stoppingToken)
    {
        try
        {
            await LookAsync(stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(e, sql.Name);
        }
    }

    private async Task<long> PositionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT coalesce(max(last_position), 0) FROM {sql.Segments}", connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<List<SliceIndex>> IndexesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT s.name, s.first, s."end", s.first < max(s.first) OVER (),
                   array(SELECT x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = s.oid AND i.indisvalid)::text[]
            FROM ({SegmentSql.Slices}) AS s WHERE s.sliced ORDER BY s.first
            """, connection)
        {
            Parameters = { new() { Value = sql.Rows } },
        };
        var indexes = new List<SliceIndex>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var slice = new Slice(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2));
            var built = reader.GetFieldValue<string[]>(4);
            for (var i = 0; i < sql.Indexes.Count; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{slice.Table}_x{i}");
                indexes.Add(new SliceIndex(slice, name, sql.Indexes[i], reader.GetBoolean(3), built.Contains(name)));
            }
        }

        return indexes;
    }

    /// <summary>Two servers on one database do not build the same index.</summary>
    private async Task<bool> LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({sql.IndexLock})", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>The open slice goes on taking rows meanwhile. An index whose building was broken off is there but invalid: it goes first.</summary>
    private async Task BuildAsync(SliceIndex index, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync("SET maintenance_work_mem = '128MB'; SET max_parallel_maintenance_workers = 0", connection, cancellationToken);
        await ExecuteAsync($"DROP INDEX IF EXISTS {sql.Schema}.{index.Name}", connection, cancellationToken);
        await ExecuteAsync($"CREATE INDEX {(index.IsFull ? "" : "CONCURRENTLY ")}{index.Name} ON {sql.Schema}.{index.Slice.Table} {index.Body}", connection, cancellationToken);
        await AnalyzeAsync(index.Slice.Table, connection, cancellationToken);
    }

    /// <summary>
    /// That rows lie in the order of position, and how many units there are about, 3,000 rows tell as well as the usual 30,000, which lie
    /// on nearly all pages.
    /// </summary>
    private async Task AnalyzeAsync(string table, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await ExecuteAsync($"SET default_statistics_target = 10; ANALYZE {sql.Schema}.{table}; RESET default_statistics_target", connection, cancellationToken);

    /// <summary>Waits no longer than a commit takes for the table; else the next look tries again.</summary>
    private async Task DropAsync(SliceIndex index, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await ExecuteAsync($"SET lock_timeout = '300ms'; DROP INDEX {sql.Schema}.{index.Name}", connection, cancellationToken);

    private static async Task ExecuteAsync(string statement, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(4003, LogLevel.Warning, "Indexes of the log '{Log}' could not be built; it is tried again. Until then a unit's history is read row by row.")]
    private partial void LogFailed(Exception exception, string log);

    private sealed record SliceIndex(Slice Slice, string Name, string Body, bool IsFull, bool IsBuilt);
}
