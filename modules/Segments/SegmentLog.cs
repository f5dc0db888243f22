using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Marten;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// A log of telemetry rows: appended in groups, sealed, read in the order of commit. Positions are 1, 2, 3, ... without
/// gaps. One instance for each kind of row and process; see <see cref="SegmentSetup"/>.
/// </summary>
/// <typeparam name="TRow">What a row is to its readers.</typeparam>
public sealed class SegmentLog<TRow>
{
    private readonly SegmentTable<TRow> _table;
    private readonly IDocumentStore _store;
    private readonly NpgsqlDataSource _database;
    private readonly SegmentOptions _options;
    private readonly SegmentRows _rows;
    private readonly SegmentRetirement _retirement;

    internal SegmentLog(SegmentTable<TRow> table, IDocumentStore store, NpgsqlDataSource database, SegmentOptions options, TimeProvider time)
    {
        (_table, _store, _database, _options, Sql) = (table, store, database, options, table.Sql);
        _rows = new SegmentRows(Sql, database);
        _retirement = new SegmentRetirement(Sql, store, database);
        Budget = new MemoryBudget(options.QueueBytes);
        Recent = new RecentRows(options.RecentBytes, time);
    }

    /// <summary>What this log's intake may hold in memory.</summary>
    public MemoryBudget Budget { get; }

    internal SegmentSql Sql { get; }

    internal HeadSignal Head { get; } = new();

    internal RecentRows Recent { get; }

    internal Channel<QueuedBatch> Queue { get; } =
        Channel.CreateUnbounded<QueuedBatch>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>An empty batch for this log.</summary>
    public RowBatch NewBatch(int capacityBytes = 64 * 1024) => new(_table.Columns.Count, capacityBytes);

    /// <summary>
    /// Hands a batch to the writer and waits for its commit. The batch belongs to the log from here on, whatever the outcome.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="key">What makes the batch idempotent; null when nothing does.</param>
    /// <param name="answer">What a repetition of the batch gets as <see cref="BatchOutcome.Repeated"/>.</param>
    /// <param name="cancellationToken">Ends the wait; the batch may be committed all the same.</param>
    public async Task<BatchOutcome> AppendAsync(RowBatch rows, BatchKey? key, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken)
    {
        var queued = new QueuedBatch(rows, key, answer);
        if (!Budget.TryTake(queued.HeldBytes))
        {
            rows.Dispose();
            return BatchOutcome.Full.Instance;
        }

        if (!Queue.Writer.TryWrite(queued))
        {
            Budget.Return(queued.HeldBytes);
            rows.Dispose();
            return BatchOutcome.Unavailable.Instance;
        }

        return await queued.Done.WaitAsync(cancellationToken);
    }

    /// <summary>Where the log stands, in the database.</summary>
    public async ValueTask<SegmentHead> HeadAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(Sql.Head);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new SegmentHead(reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<DateTimeOffset>(3))
            : SegmentHead.Empty;
    }

    /// <summary>
    /// All rows after a position, in order, without repeats, whole segments at a time; without gaps but for rows that were retired. At the head it waits for the next
    /// commit, until cancelled.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<TRow>> ReadAsync(long afterPosition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = afterPosition;
        while (true)
        {
            var committed = Head.BeyondAsync(position);
            if (Recent.After(position, _options.ReadRows, _table.Read) is { } recent)
            {
                position += recent.Count;
                yield return recent;
                continue;
            }

            if (await _rows.NextRangeAsync(position, _options.ReadRows, cancellationToken) is { } range)
            {
                var rows = await _rows.ReadAsync(_table.Read, range, cancellationToken);
                if (rows.Count != range.LastPosition - position - range.RetiredRows)
                    throw new InvalidOperationException(
                        $"The log '{_table.Name}' has {rows.Count} rows after position {position} up to {range.LastPosition}; its segments say {range.LastPosition - position - range.RetiredRows}.");
                position = range.LastPosition;
                if (rows.Count > 0)
                    yield return rows;
                continue;
            }

            await WaitAsync(committed, cancellationToken);
        }
    }

    /// <summary>Segments after a number, in order.</summary>
    public Task<IReadOnlyList<SegmentView>> SegmentsAsync(long afterSegment, int limit, CancellationToken cancellationToken) =>
        _rows.SegmentsAsync(afterSegment, limit, cancellationToken);

    /// <summary>The first segment received at a time or later; one beyond the head when there is none.</summary>
    public Task<long> FirstSegmentSinceAsync(DateTimeOffset time, CancellationToken cancellationToken) => _rows.FirstSegmentSinceAsync(time, cancellationToken);

    /// <summary>The last segment received before a time; 0 when there is none.</summary>
    public async Task<long> LastSegmentBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken) =>
        await _rows.FirstSegmentSinceAsync(time, cancellationToken) - 1;

    /// <summary>Seals as their events have them, by segment number, both ends included.</summary>
    public IAsyncEnumerable<SealView> SealsAsync(long firstSegment, long lastSegment, CancellationToken cancellationToken) =>
        new SegmentExport(Sql, _store, _database, _rows).SealsAsync(firstSegment, lastSegment, cancellationToken);

    /// <summary>
    /// Writes the canonical rows of segments, both ends included, in PostgreSQL's binary COPY format: what their seals cover, byte by byte.
    /// </summary>
    public async Task ExportRowsAsync(long firstSegment, long lastSegment, Stream output, CancellationToken cancellationToken)
    {
        var (after, last) = await _rows.PositionsAsync(firstSegment, lastSegment, cancellationToken);
        await new SegmentExport(Sql, _store, _database, _rows).RowsAsync(after, last, _options.ReadRows, output, cancellationToken);
    }

    /// <summary>Recomputes hashes and chain; see <see cref="SegmentVerifier"/>.</summary>
    public Task<Verification> VerifyAsync(VerificationRange range, CancellationToken cancellationToken) =>
        new SegmentVerifier(Sql, _store, _database, _options.VerifyConnections).VerifyAsync(range, cancellationToken);

    /// <summary>
    /// Seals the segments of rows again after the caller masked them in the session's transaction; recorded as one event. The
    /// caller saves the session.
    /// </summary>
    public Task ResealAsync(IDocumentSession session, string pseudonym, long[] positions, CancellationToken cancellationToken)
    {
        Recent.Clear();
        return new SegmentRedaction(Sql).ResealAsync(session, pseudonym, positions, cancellationToken);
    }

    /// <summary>
    /// Deletes rows whose time is over, a group of a day of receipt at a time, and records it; the seals stay. A day of which nothing
    /// stays is dropped as a whole.
    /// </summary>
    /// <param name="column">The column that says whose a row is.</param>
    /// <param name="isOver">Whether a group's rows of a day (UTC) are to go.</param>
    /// <param name="today">The day that goes on; it and what comes after stay.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    /// <returns>How many rows went.</returns>
    public async Task<long> RetireAsync(string column, Func<string, DateOnly, bool> isOver, DateOnly today, CancellationToken cancellationToken)
    {
        if (!_table.Columns.Any(one => one.Name == column))
            throw new ArgumentOutOfRangeException(nameof(column), column, "no such column");
        var rows = await _retirement.RunAsync(column, isOver, today, cancellationToken);
        if (rows > 0)
            Recent.Clear();
        return rows;
    }

    private async Task WaitAsync(Task committed, CancellationToken cancellationToken) =>
        await Task.WhenAny(committed, Task.Delay(_options.LookForOthersEvery, cancellationToken)).Unwrap().WaitAsync(cancellationToken);
}
