using System.Globalization;
using Npgsql;

namespace Delivery.Segments;

/// <summary>A run of positions, with the times of receipt that bound it where they are known: they choose the partitions.</summary>
internal sealed record PositionRange(long AfterPosition, long LastPosition, DateTimeOffset? ReceivedFrom, DateTimeOffset? ReceivedTo)
{
    /// <summary>How many of the positions are empty, because their rows were retired.</summary>
    public long RetiredRows { get; init; }
}

/// <summary>Reads stored rows in the order of their position, as the bytes their seal covers.</summary>
internal sealed class SegmentRows(SegmentSql sql, NpgsqlDataSource database)
{
    private readonly IReadOnlyList<SharedCombinations> _shared = SharedCombinations.All(sql);

    /// <summary>The next segments after a position, of about so many rows; null at the head.</summary>
    public async Task<PositionRange?> NextRangeAsync(long afterPosition, int rows, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            SELECT max(last_position), min(received_at), max(received_at), sum(retired)::bigint FROM (
                SELECT last_position, received_at, first_position, retired FROM {sql.Segments}
                WHERE last_position > $1 ORDER BY last_position LIMIT 1000) AS next
            WHERE last_position <= $1 + $2
               OR last_position = (SELECT last_position FROM {sql.Segments} WHERE last_position > $1 ORDER BY last_position LIMIT 1)
            """);
        command.Parameters.AddWithValue(afterPosition);
        command.Parameters.AddWithValue((long)rows);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.IsDBNull(0)
            ? null
            : new PositionRange(afterPosition, reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2)) { RetiredRows = reader.GetInt64(3) };
    }

    /// <summary>
    /// Decodes the rows of a range. The database sends them as they lie on the disk; they are put in order, and what they share is put
    /// back, here: a reader that lags behind a busy intake must not take from it what sorting and joining cost.
    /// </summary>
    public async Task<List<TRow>> ReadAsync<TRow>(ReadRow<TRow> read, PositionRange range, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // By the index of positions and by one process: a slice that is not analyzed yet would be read as a whole for each of its parts.
        await using var plan = new NpgsqlCommand("SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_seqscan = off", connection, transaction);
        await plan.ExecuteNonQueryAsync(cancellationToken);
        using var stored = new StoredRows(sql.Form);
        await CopyAsync(connection, CopyAsStored(sql, range), stored.Add, cancellationToken);
        var shared = new List<IReadOnlyDictionary<int, SharedValues>>();
        foreach (var (combinations, numbers) in _shared.Zip(stored.Numbers))
            shared.Add(await combinations.OfAsync(numbers, connection, cancellationToken));
        await transaction.CommitAsync(cancellationToken);
        return stored.Decode(read, shared);
    }

    public async Task<IReadOnlyList<SegmentView>> SegmentsAsync(long afterSegment, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            SELECT segment, first_position, last_position, received_at, hash, previous_hash FROM {sql.Segments}
            WHERE segment > $1 ORDER BY segment LIMIT $2
            """);
        command.Parameters.AddWithValue(afterSegment);
        command.Parameters.AddWithValue(limit);
        var segments = new List<SegmentView>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            segments.Add(new SegmentView(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(2) - reader.GetInt64(1) + 1, reader.GetFieldValue<DateTimeOffset>(3),
                Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(4)), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(5))));
        return segments;
    }

    /// <summary>The positions of a run of segments: after the first number, up to the second; empty where there are no such segments.</summary>
    public async Task<(long After, long Last)> PositionsAsync(long firstSegment, long lastSegment, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            SELECT coalesce(min(first_position) - 1, 0), coalesce(max(last_position), 0) FROM {sql.Segments} WHERE segment >= $1 AND segment <= $2
            """);
        command.Parameters.AddWithValue(firstSegment);
        command.Parameters.AddWithValue(lastSegment);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    public async Task<long> FirstSegmentSinceAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            SELECT coalesce((SELECT min(segment) FROM {sql.Segments} WHERE received_at >= $1), (SELECT max(segment) + 1 FROM {sql.Segments}), 1)
            """);
        command.Parameters.AddWithValue(time);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Gives each row's canonical bytes, in the order of position.</summary>
    public static Task ForEachAsync(
        SegmentSql sql, NpgsqlConnection connection, PositionRange range, Action<ReadOnlySpan<byte>> row, CancellationToken cancellationToken) =>
        CopyAsync(connection, Copy($"{sql.ColumnList} FROM {sql.Recorded}", range, "ORDER BY position"), row, cancellationToken);

    /// <summary>Gives each row's canonical bytes, in the order of position, and blocks the thread meanwhile.</summary>
    public static void ForEach(SegmentSql sql, NpgsqlConnection connection, PositionRange range, Action<ReadOnlySpan<byte>> row)
    {
        using var copy = connection.BeginRawBinaryCopy(Copy($"{sql.ColumnList} FROM {sql.Recorded}", range, "ORDER BY position"));
        CopiedTuples.ForEach(copy, row);
    }

    /// <summary>
    /// A COPY of the rows in the stored form and as they lie on the disk, which is the order of position but for pages that a later commit
    /// filled up. It spares sorting and joining; the caller has to see to the order.
    /// </summary>
    public static Stream OpenAsStored(SegmentSql sql, NpgsqlConnection connection, PositionRange range) =>
        connection.BeginRawBinaryCopy(CopyAsStored(sql, range));

    /// <summary>A COPY of a whole slice.</summary>
    public static Stream OpenAsStored(SegmentSql sql, NpgsqlConnection connection, Slice slice) =>
        connection.BeginRawBinaryCopy($"COPY {sql.Schema}.{slice.Table} ({sql.StoredColumnList}) TO STDOUT (FORMAT binary)");

    private static string CopyAsStored(SegmentSql sql, PositionRange range) => Copy($"{sql.StoredColumnList} FROM {sql.Rows}", range, "");

    private static async Task CopyAsync(
        NpgsqlConnection connection, string copied, Action<ReadOnlySpan<byte>> row, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginRawBinaryCopyAsync(copied, cancellationToken);
        await CopiedTuples.ForEachAsync(copy, row, cancellationToken);
    }

    /// <summary>COPY takes no parameters; these are numbers and times of ours.</summary>
    private static string Copy(string columns, PositionRange range, string order) => string.Create(CultureInfo.InvariantCulture, $"""
        COPY (SELECT {columns}
              WHERE position > {range.AfterPosition} AND position <= {range.LastPosition}
                {(range.ReceivedFrom is { } from ? $"AND received_at >= '{from:O}'" : "")}
                {(range.ReceivedTo is { } to ? $"AND received_at <= '{to:O}'" : "")}
              {order}) TO STDOUT (FORMAT binary)
        """);

    internal static TRow Decode<TRow>(ReadRow<TRow> read, ReadOnlySpan<byte> tuple)
    {
        var columns = new RowReader(tuple);
        var position = columns.Int64();
        return read(position, columns.Time(), ref columns);
    }
}

/// <summary>A sealed segment.</summary>
/// <param name="Segment">Its number.</param>
/// <param name="Hash">SHA-256 over its canonical rows and the previous hash, lower-case hex.</param>
public sealed record SegmentView(
    long Segment, long FirstPosition, long LastPosition, long Rows, DateTimeOffset ReceivedAt, string Hash, string PreviousHash);
