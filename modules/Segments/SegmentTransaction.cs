using System.Buffers.Binary;
using System.Security.Cryptography;
using Marten;
using Marten.Services;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Segments;

/// <summary>
/// One group's transaction: claim the batch numbers, COPY the rows of the new ones, seal them. All of it is committed or
/// nothing is. Position and previous hash come from the last committed seal under a lock, never from memory, so neither
/// a crash nor a second server can tear the sequence or fork the chain.
/// </summary>
/// <remarks>
/// It keeps its connection as long as groups come: a PostgreSQL process goes on at the page where it stopped. By turns, several leave
/// pages half full, and later rows get in between earlier ones.
/// </remarks>
internal sealed class SegmentTransaction(SegmentSql sql, IDocumentStore store, NpgsqlDataSource database, Partitions partitions, TimeProvider time)
    : IAsyncDisposable
{
    private static readonly TimeSpan KeptIdle = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<SharedNumbers> _shared = SharedNumbers.All(sql);
    private NpgsqlConnection? _connection;
    private long _usedAt;

    /// <summary>
    /// Writes a group, and says where the log stands after it and which rows are new; null where none are. Each batch's outcome is set,
    /// not told.
    /// </summary>
    public async Task<(SegmentHead Head, StoredGroup? Rows)> WriteAsync(IReadOnlyList<QueuedBatch> group, CancellationToken cancellationToken)
    {
        await partitions.ForgetBatchesAsync(time.GetUtcNow(), cancellationToken);
        var rows = new StoredGroup(sql.Form, group.Sum(queued => (long)queued.Rows.Bytes.Length));
        try
        {
            var head = await CommitAsync(group, rows, cancellationToken);
            return (head, rows.Count > 0 ? rows : null);
        }
        catch
        {
            rows.Dispose();
            await DisposeAsync();
            partitions.LookAgain();
            foreach (var numbers in _shared)
                numbers.Forget();
            throw;
        }
    }

    private async Task<SegmentHead> CommitAsync(IReadOnlyList<QueuedBatch> group, StoredGroup rows, CancellationToken cancellationToken)
    {
        var connection = await ConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var head = await ClaimAsync(group, connection, transaction, cancellationToken);
        var fresh = group.Where(b => b.IsNew && b.Rows.Count > 0).ToList();
        if (fresh.Count > 0)
            head = await AppendAsync(fresh, rows, head, connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _usedAt = time.GetTimestamp();
        return head;
    }

    /// <summary>Closes the connection; the next group opens one.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private async ValueTask<NpgsqlConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null && time.GetElapsedTime(_usedAt) > KeptIdle)
            await DisposeAsync();
        return _connection ??= await database.OpenConnectionAsync(cancellationToken);
    }

    /// <summary>Takes the writer's lock, reads the head and claims the batch numbers, in one round trip.</summary>
    private async Task<SegmentHead> ClaimAsync(
        IReadOnlyList<QueuedBatch> group, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var claims = FirstOfEach(group);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql.WriterLock));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql.Head));
        if (claims.Count > 0)
            batch.BatchCommands.Add(Claim(claims.Values));

        var head = SegmentHead.Empty;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
                head = new SegmentHead(reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<DateTimeOffset>(3));
            if (claims.Count > 0 && await reader.NextResultAsync(cancellationToken))
            {
                while (await reader.ReadAsync(cancellationToken))
                    claims.Remove((reader.GetString(0), reader.GetInt64(1)));
            }
        }

        if (claims.Count > 0)
            await RecallAsync(claims.Values, connection, transaction, cancellationToken);
        return head;
    }

    /// <summary>A batch that was sent twice within one group is claimed once; the second gets the first one's answer.</summary>
    private static Dictionary<(string, long), QueuedBatch> FirstOfEach(IReadOnlyList<QueuedBatch> group)
    {
        var claims = new Dictionary<(string, long), QueuedBatch>();
        foreach (var queued in group)
        {
            queued.Outcome = BatchOutcome.Committed.Instance;
            if (queued.Key is not { } key || claims.TryAdd((key.Source, key.Batch), queued))
                continue;
            var first = claims[(key.Source, key.Batch)];
            queued.Outcome = first.Key!.Value.Digest == key.Digest
                ? new BatchOutcome.Repeated(first.Answer)
                : BatchOutcome.Reused.Instance;
        }

        return claims;
    }

    private NpgsqlBatchCommand Claim(IReadOnlyCollection<QueuedBatch> claims) => new($"""
        INSERT INTO {sql.Batches} (source, batch, digest, answer, received_at)
        SELECT source, batch, digest, answer, $5 FROM unnest($1, $2, $3, $4) AS claimed (source, batch, digest, answer)
        ON CONFLICT (source, batch) DO NOTHING RETURNING source, batch
        """)
    {
        Parameters =
        {
            new() { Value = claims.Select(b => b.Key!.Value.Source).ToArray() },
            new() { Value = claims.Select(b => b.Key!.Value.Batch).ToArray() },
            new() { Value = claims.Select(b => Bytes(b.Key!.Value.Digest)).ToArray() },
            new() { Value = claims.Select(b => b.Answer.ToArray()).ToArray() },
            new() { Value = time.GetUtcNow(), NpgsqlDbType = NpgsqlDbType.TimestampTz },
        },
    };

    private async Task RecallAsync(
        IReadOnlyCollection<QueuedBatch> repeated, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT digest, answer FROM {sql.Batches} WHERE source = $1 AND batch = $2", connection, transaction)
        {
            Parameters = { new NpgsqlParameter<string>(), new NpgsqlParameter<long>() },
        };
        foreach (var queued in repeated)
        {
            var key = queued.Key!.Value;
            command.Parameters[0].Value = key.Source;
            command.Parameters[1].Value = key.Batch;
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            queued.Outcome = reader.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(Bytes(key.Digest))
                ? new BatchOutcome.Repeated(reader.GetFieldValue<byte[]>(1))
                : BatchOutcome.Reused.Instance;
        }
    }

    private async Task<SegmentHead> AppendAsync(
        List<QueuedBatch> fresh, StoredGroup rows, SegmentHead head, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var receivedAt = PostgresTime.ToMicroseconds(Later(time.GetUtcNow(), head.ReceivedAt));
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var position = head.Position;
        ReadOnlyMemory<int> shared = await SharedNumbers.OfAsync(_shared, fresh, connection, cancellationToken);
        await using (var copy = new SliceCopy(sql, partitions, PostgresTime.FromMicroseconds(receivedAt), rows, connection))
        {
            foreach (var queued in fresh)
            {
                queued.Rows.Place(position + 1, receivedAt);
                sha.AppendData(queued.Rows.Bytes.Span);
                await copy.WriteAsync(queued.Rows, shared, position + 1, cancellationToken);
                shared = shared[(queued.Rows.Count * _shared.Count)..];
                position += queued.Rows.Count;
            }

            await copy.FinishAsync(cancellationToken);
        }

        rows.Complete(_shared);
        sha.AppendData(head.Hash.Span);
        var next = new SegmentHead(head.Segment + 1, position, sha.GetHashAndReset(), PostgresTime.FromMicroseconds(receivedAt));
        await SealAsync(head, next, rows.SharedRows, transaction, cancellationToken);
        return next;
    }

    private async Task SealAsync(
        SegmentHead head, SegmentHead next, IReadOnlyDictionary<int, int> shared, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var sealing = new RowsSealed(
            next.Segment, head.Position + 1, next.Position, next.Position - head.Position,
            Convert.ToHexStringLower(next.Hash.Span), Convert.ToHexStringLower(head.Hash.Span), next.ReceivedAt!.Value);
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        session.LastModifiedBy = "ledger";
        session.CorrelationId = $"{sql.Stream}/{next.Segment}";
        session.Events.Append(sql.Stream, sealing);
        session.QueueSqlCommand(
            $"INSERT INTO {sql.Segments} (segment, first_position, last_position, received_at, hash, previous_hash, shared, shared_rows) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            next.Segment, sealing.FirstPosition, sealing.LastPosition, sealing.ReceivedAt, next.Hash.ToArray(), head.Hash.ToArray(),
            shared.Keys.ToArray(), shared.Values.ToArray());
        await session.SaveChangesAsync(cancellationToken);
    }

    /// <summary>A clock that was set back must not put a row before its predecessors.</summary>
    private static DateTimeOffset Later(DateTimeOffset now, DateTimeOffset? last) => last > now ? last.Value : now;

    private static byte[] Bytes(UInt128 digest)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, digest);
        return bytes;
    }
}
