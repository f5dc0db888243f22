using System.Buffers.Binary;
using System.Threading.Channels;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// Hashes segments on several connections that see one snapshot of the database, and hands what they come to to the run in the order of
/// the segments.
/// </summary>
internal sealed class VerificationReaders : IAsyncDisposable
{
    /// <summary>With more combinations of shared values than this, the database puts rows and values together.</summary>
    private const int MostShared = 500_000;

    private const int ReadBufferBytes = 512 * 1024;

    private readonly SegmentSql _sql;
    private readonly NpgsqlConnection _first;
    private readonly string _snapshot;
    private readonly Dictionary<int, SharedValues>? _shared;
    private readonly Channel<NpgsqlConnection> _idle = Channel.CreateUnbounded<NpgsqlConnection>();
    private readonly Queue<(IReadOnlyList<RowsSealed> Seals, Task<SegmentContent[]> Contents)> _running = [];
    private readonly int _most;
    private int _opened;

    private VerificationReaders(SegmentSql sql, NpgsqlConnection first, string snapshot, Dictionary<int, SharedValues>? shared, int most) =>
        (_sql, _first, _snapshot, _shared, _most) = (sql, first, snapshot, shared, most);

    /// <param name="connection">In a transaction that outlives the readers; they see what it sees.</param>
    public static async Task<VerificationReaders> StartAsync(
        SegmentSql sql, NpgsqlConnection connection, int most, CancellationToken cancellationToken)
    {
        await using var export = new NpgsqlCommand("SELECT pg_export_snapshot()", connection);
        var snapshot = (string)(await export.ExecuteScalarAsync(cancellationToken))!;
        var shared = sql.Form is { } form ? await SharedAsync(sql, form, connection, cancellationToken) : null;
        return new VerificationReaders(sql, connection, snapshot, shared, most);
    }

    /// <summary>Hashes segments in the background; when much is under way, what is done first goes to the run.</summary>
    public async Task AddAsync(IReadOnlyList<RowsSealed> seals, VerificationRun run, CancellationToken cancellationToken)
    {
        var connection = await ConnectionAsync(cancellationToken);
        _running.Enqueue((seals, Task.Factory.StartNew(
            () => Hash(seals, connection), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        while (_running.Count > 2 * _most)
            await CheckAsync(run);
    }

    /// <summary>Hands the rest to the run.</summary>
    public async Task FinishAsync(VerificationRun run)
    {
        while (_running.Count > 0)
            await CheckAsync(run);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, contents) in _running)
            await ((Task)contents).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_idle.Reader.TryRead(out var connection))
            await connection.DisposeAsync();
    }

    private static async Task<Dictionary<int, SharedValues>> SharedAsync(SegmentSql sql, StoredForm form, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var shared = new Dictionary<int, SharedValues>();
        await using var copy = await connection.BeginRawBinaryCopyAsync(
            $"COPY (SELECT shared, {sql.SharedColumnList} FROM {sql.Shared} ORDER BY shared DESC LIMIT {MostShared}) TO STDOUT (FORMAT binary)", cancellationToken);
        await CopiedTuples.ForEachAsync(
            copy, tuple => shared[BinaryPrimitives.ReadInt32BigEndian(tuple[6..])] = form.Cut(tuple[(6 + sizeof(int))..]), cancellationToken);
        return shared;
    }

    private async ValueTask<NpgsqlConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        if (_idle.Reader.TryRead(out var idle))
            return idle;
        if (_opened == _most)
            return await _idle.Reader.ReadAsync(cancellationToken);
        // One of its own that blocks: waking a thread of the pool for every few kilobytes costs more than reading them.
        var connection = _first.CloneWith(new NpgsqlConnectionStringBuilder(_first.ConnectionString) { Pooling = false, ReadBufferSize = ReadBufferBytes }.ToString());
        connection.Open();
        _opened++;
        // As the rows lie on the disk, and by the index of positions: a slice is not read as a whole for each of its parts.
        using var begin = new NpgsqlCommand($"""
            BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
            SET TRANSACTION SNAPSHOT '{_snapshot}';
            SET LOCAL synchronize_seqscans = off;
            SET LOCAL max_parallel_workers_per_gather = 0;
            SET LOCAL enable_seqscan = off;
            """, connection);
        begin.ExecuteNonQuery();
        return connection;
    }

    private async Task CheckAsync(VerificationRun run)
    {
        var (seals, contents) = _running.Peek();
        var found = await contents;
        _running.Dequeue();
        for (var i = 0; i < seals.Count; i++)
            run.Check(seals[i], found[i]);
    }

    private SegmentContent[] Hash(IReadOnlyList<RowsSealed> seals, NpgsqlConnection connection)
    {
        try
        {
            using var hashes = new SegmentHashes(seals);
            if (!TryAsStored(Positions(seals), hashes, connection))
                return Sorted(seals, connection);
            var contents = hashes.Finish();
            foreach (var segment in hashes.OutOfOrder)
                contents[segment] = Sorted([seals[segment]], connection)[0];
            return contents;
        }
        finally
        {
            _idle.Writer.TryWrite(connection);
        }
    }

    private SegmentContent[] Sorted(IReadOnlyList<RowsSealed> seals, NpgsqlConnection connection)
    {
        using var hashes = new SegmentHashes(seals);
        SegmentRows.ForEach(_sql, connection, Positions(seals), hashes.Add);
        return hashes.Finish();
    }

    private static PositionRange Positions(IReadOnlyList<RowsSealed> seals) => new(seals[0].FirstPosition - 1, seals[^1].LastPosition, null, null);

    /// <summary>False where the rows refer to shared values that are not known here.</summary>
    private bool TryAsStored(PositionRange rows, SegmentHashes hashes, NpgsqlConnection connection)
    {
        if (_sql.Form is not { } form)
        {
            SegmentRows.ForEachAsStored(_sql, connection, rows, hashes.Add);
            return true;
        }

        var isKnown = true;
        SegmentRows.ForEachAsStored(_sql, connection, rows, stored =>
        {
            if (_shared!.TryGetValue(StoredForm.SharedOf(stored), out var shared))
                hashes.Added(form.Restore(stored, shared, hashes.Room(stored.Length + shared.Fields.Length)));
            else
                isKnown = false;
        });
        return isKnown;
    }
}
