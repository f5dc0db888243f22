using System.Collections.Concurrent;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// Hashes segments that several connections send, which see one snapshot of the database, and hands what they come to to the run in the
/// order of the segments.
/// </summary>
/// <remarks>
/// A thread serves several connections by turns, and while it reads one, the database fills the others. Who waits for each 8 KB
/// that PostgreSQL sends pays more for being woken than for the rows.
/// </remarks>
internal sealed class VerificationReaders : IAsyncDisposable
{
    /// <summary>With more combinations of shared values than this, the database puts rows and values together.</summary>
    private const int MostShared = 500_000;

    private const int ConnectionsPerThread = 4;
    private const int ReadBufferBytes = 512 * 1024;

    /// <summary>Takes what comes in while the thread naps or reads another connection; what does not fit waits with the sender.</summary>
    private const int SocketBufferBytes = 1024 * 1024;

    /// <summary>Of each connection. A thread that was only interrupted for a moment has more.</summary>
    private const int LittleBytes = 64 * 1024;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(2);

    private readonly SegmentSql _sql;
    private readonly NpgsqlConnection _first;
    private readonly string _snapshot;
    private readonly IReadOnlyList<IReadOnlyDictionary<int, SharedValues>> _shared;
    private readonly BlockingCollection<Portion> _portions = [];
    private readonly Queue<Portion> _running = [];
    private readonly Task[] _threads;
    private readonly int _most;
    private volatile bool _isOver;

    private VerificationReaders(
        SegmentSql sql, NpgsqlConnection first, string snapshot, IReadOnlyList<IReadOnlyDictionary<int, SharedValues>> shared, int most)
    {
        (_sql, _first, _snapshot, _shared, _most) = (sql, first, snapshot, shared, most);
        _threads = [.. Enumerable.Range(0, (most + ConnectionsPerThread - 1) / ConnectionsPerThread).Select(thread => Task.Factory.StartNew(
            () => Read(Math.Min(ConnectionsPerThread, most - thread * ConnectionsPerThread)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <param name="connection">In a transaction that outlives the readers; they see what it sees.</param>
    public static async Task<VerificationReaders> StartAsync(
        SegmentSql sql, NpgsqlConnection connection, int most, CancellationToken cancellationToken)
    {
        await using var export = new NpgsqlCommand("SELECT pg_export_snapshot()", connection);
        var snapshot = (string)(await export.ExecuteScalarAsync(cancellationToken))!;
        var shared = new List<IReadOnlyDictionary<int, SharedValues>>();
        foreach (var combinations in SharedCombinations.All(sql))
            shared.Add(await combinations.NewestAsync(connection, MostShared, cancellationToken));
        return new VerificationReaders(sql, connection, snapshot, shared, most);
    }

    /// <summary>Hashes segments in the background; when much is under way, what is done first goes to the run.</summary>
    public async Task AddAsync(SealedPortion rows, VerificationRun run, CancellationToken cancellationToken)
    {
        var portion = new Portion(rows);
        _running.Enqueue(portion);
        _portions.Add(portion, cancellationToken);
        while (_running.Count > 2 * _most)
            await CheckAsync(run, cancellationToken);
    }

    /// <summary>Hands the rest to the run.</summary>
    public async Task FinishAsync(VerificationRun run, CancellationToken cancellationToken)
    {
        while (_running.Count > 0)
            await CheckAsync(run, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        _portions.CompleteAdding();
        await Task.WhenAll(_threads);
        _portions.Dispose();
    }

    private NpgsqlConnection Connect()
    {
        var connection = _first.CloneWith(new NpgsqlConnectionStringBuilder(_first.ConnectionString)
        {
            Pooling = false,
            ReadBufferSize = ReadBufferBytes,
            SocketReceiveBufferSize = SocketBufferBytes,
        }.ToString());
        connection.Open();
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

    private async Task CheckAsync(VerificationRun run, CancellationToken cancellationToken)
    {
        var portion = _running.Peek();
        var found = await portion.Contents.Task.WaitAsync(cancellationToken);
        _running.Dequeue();
        for (var i = 0; i < found.Length; i++)
            run.Check(portion.Rows.Seals[i], found[i]);
    }

    /// <summary>One thread's work: portions as long as there are some, each on a connection of its own.</summary>
    private void Read(int most)
    {
        var idle = new Stack<NpgsqlConnection>();
        var readings = new List<(Portion Portion, NpgsqlConnection Connection, PortionReading Reading)>();
        using var never = new ManualResetEvent(false);
        while (!_isOver)
        {
            while (readings.Count < most && _portions.TryTake(out var portion, readings.Count == 0 ? Timeout.Infinite : 0))
                Open(portion, idle, readings);
            var bytes = 0;
            for (var i = readings.Count - 1; i >= 0; i--)
                bytes += Turn(readings, i, idle);
            if (bytes < LittleBytes * readings.Count)
                never.WaitOne(Moment);
        }

        foreach (var (_, connection, reading) in readings)
        {
            reading.Dispose();
            connection.Dispose();
        }

        while (idle.TryPop(out var connection))
            connection.Dispose();
    }

    private void Open(Portion portion, Stack<NpgsqlConnection> idle, List<(Portion, NpgsqlConnection, PortionReading)> readings)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = idle.TryPop(out var known) ? known : Connect();
            readings.Add((portion, connection, new PortionReading(_sql, _shared, portion.Rows, connection)));
        }
        catch (Exception e)
        {
            connection?.Dispose();
            portion.Contents.TrySetException(e);
        }
    }

    private static int Turn(List<(Portion Portion, NpgsqlConnection Connection, PortionReading Reading)> readings, int number, Stack<NpgsqlConnection> idle)
    {
        var (portion, connection, reading) = readings[number];
        try
        {
            var bytes = reading.ReadOn();
            if (!reading.IsRead)
                return bytes;
            portion.Contents.TrySetResult(reading.Contents());
            idle.Push(connection);
        }
        catch (Exception e)
        {
            portion.Contents.TrySetException(e);
            connection.Dispose();
        }

        reading.Dispose();
        readings.RemoveAt(number);
        return LittleBytes;
    }

    private sealed record Portion(SealedPortion Rows)
    {
        public TaskCompletionSource<SegmentContent[]> Contents { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
