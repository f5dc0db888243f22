using System.Globalization;
using Marten;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// Ends rows whose time is over, day of receipt by day of receipt. Where that is all of a day, its partition is dropped; where
/// others' rows stay, the group's are deleted and their segments sealed again, some hundred segments at a time. Either is one
/// transaction with the event that records it.
/// </summary>
internal sealed class SegmentRetirement(SegmentSql sql, IDocumentStore store, NpgsqlDataSource database)
{
    private const int SegmentsAtATime = 500;

    /// <summary>What each day still holds, as far as it was looked at: a day that is over gets no more rows.</summary>
    private readonly Dictionary<DateOnly, HashSet<string>> _groups = [];

    /// <summary>Retires what is over.</summary>
    /// <param name="column">The column that says whose a row is.</param>
    /// <param name="isOver">Whether a group's rows of a day are to go.</param>
    /// <param name="today">The day that goes on (UTC): it and what comes after stay.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    /// <returns>How many rows went.</returns>
    public async Task<long> RunAsync(string column, Func<string, DateOnly, bool> isOver, DateOnly today, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!(bool)(await ScalarAsync(connection, $"SELECT pg_try_advisory_lock(hashtextextended('ledger:{sql.Name}:retention', 0))", cancellationToken))!)
            return 0; // Another server is at it.
        try
        {
            var retired = 0L;
            foreach (var (table, day) in await DaysAsync(today, connection, cancellationToken))
                retired += await RetireDayAsync(table, day, column, isOver, connection, cancellationToken);
            return retired;
        }
        finally
        {
            await ScalarAsync(connection, $"SELECT pg_advisory_unlock(hashtextextended('ledger:{sql.Name}:retention', 0))", CancellationToken.None);
        }
    }

    private async Task<long> RetireDayAsync(
        string table, DateOnly day, string column, Func<string, DateOnly, bool> isOver, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!_groups.TryGetValue(day, out var groups))
            _groups[day] = groups = await GroupsAsync(table, column, connection, cancellationToken);
        var over = groups.Where(group => isOver(group, day)).ToList();
        if (over.Count == 0)
            return 0;
        var retired = 0L;
        if (over.Count == groups.Count)
            retired = await DropAsync(table, day, cancellationToken);
        else
        {
            foreach (var group in over)
                retired += await DeleteAsync(day, column, group, cancellationToken);
        }

        groups.ExceptWith(over);
        return retired;
    }

    private async Task<long> DropAsync(string table, DateOnly day, CancellationToken cancellationToken)
    {
        await using var session = Session();
        await session.BeginTransactionAsync(cancellationToken);
        // A long export holds the table; the intake must not wait behind us for it. It is tried again at the next look.
        await ExecuteAsync(session, "SET LOCAL lock_timeout = '5s'", cancellationToken);
        var segments = await SegmentsAsync(session, day, 0, int.MaxValue, cancellationToken);
        var rows = (long)(await ScalarAsync(session.Connection, $"SELECT count(*) FROM {sql.Schema}.{table}", cancellationToken))!;
        await ExecuteAsync(session, $"DROP TABLE {sql.Schema}.{table}", cancellationToken);
        if (segments is { } range)
        {
            session.Events.Append(sql.Redactions, new RowsRetired(day, null, rows, range.First, range.Last, []));
            session.QueueSqlCommand($"UPDATE {sql.Segments} SET retired = last_position - first_position + 1 WHERE segment BETWEEN ? AND ?", range.First, range.Last);
        }

        await session.SaveChangesAsync(cancellationToken);
        return rows;
    }

    private async Task<long> DeleteAsync(DateOnly day, string column, string group, CancellationToken cancellationToken)
    {
        var retired = 0L;
        for (var after = 0L; ;)
        {
            await using var session = Session();
            await session.BeginTransactionAsync(cancellationToken);
            if (await SegmentsAsync(session, day, after, SegmentsAtATime, cancellationToken) is not { } range)
                return retired;
            var gone = await DeleteRangeAsync(session, range, column, group, cancellationToken);
            if (gone.Count > 0)
            {
                await RecordAsync(session, day, group, gone, cancellationToken);
                await session.SaveChangesAsync(cancellationToken);
            }

            retired += gone.Values.Sum();
            after = range.Last;
        }
    }

    /// <summary>Deletes, and says how many rows of which segment went.</summary>
    private async Task<SortedDictionary<long, long>> DeleteRangeAsync(
        IDocumentSession session, SegmentRange range, string column, string group, CancellationToken cancellationToken)
    {
        await using var command = session.Connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = $"""
            WITH gone AS (
                DELETE FROM {sql.Rows} WHERE {sql.Has(column)} AND position BETWEEN $2 AND $3 AND received_at BETWEEN $4 AND $5 RETURNING position)
            SELECT s.segment, count(*) FROM gone JOIN {sql.Segments} s ON gone.position BETWEEN s.first_position AND s.last_position
            WHERE s.segment BETWEEN $6 AND $7 GROUP BY s.segment
            """;
        foreach (var value in (object[])[group, range.FirstPosition, range.LastPosition, range.ReceivedFrom, range.ReceivedTo, range.First, range.Last])
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        var gone = new SortedDictionary<long, long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            gone[reader.GetInt64(0)] = reader.GetInt64(1);
        return gone;
    }

    private async Task RecordAsync(IDocumentSession session, DateOnly day, string group, SortedDictionary<long, long> gone, CancellationToken cancellationToken)
    {
        var (first, last) = (gone.Keys.First(), gone.Keys.Last());
        var seals = await SegmentRedaction.SealsAsync(session, sql, first, last, cancellationToken);
        using var hashes = new SegmentHashes(seals);
        var rows = new PositionRange(seals[0].FirstPosition - 1, seals[^1].LastPosition, seals[0].ReceivedAt, seals[^1].ReceivedAt);
        await SegmentRows.ForEachAsync(sql, session.Connection, rows, hashes.Add, cancellationToken);
        var resealed = seals.Zip(hashes.Finish(), (seal, content) => new ResealedSegment(seal.Segment, content.Hash, content.Rows)).ToList();
        session.Events.Append(sql.Redactions, new RowsRetired(day, group, gone.Values.Sum(), first, last, resealed));
        foreach (var (segment, count) in gone)
            session.QueueSqlCommand($"UPDATE {sql.Segments} SET retired = retired + ? WHERE segment = ?", count, segment);
    }

    private IDocumentSession Session()
    {
        var session = store.LightweightSession();
        session.LastModifiedBy = "retention";
        session.CorrelationId = sql.Redactions;
        return session;
    }

    /// <summary>The days that are over, oldest first, and their partitions.</summary>
    private async Task<List<(string Table, DateOnly Day)>> DaysAsync(DateOnly today, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '{sql.Rows}'::regclass ORDER BY c.relname
            """, connection);
        var days = new List<(string, DateOnly)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var table = reader.GetString(0);
            if (DateOnly.TryParseExact(table[^8..], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < today)
                days.Add((table, day));
        }

        return days;
    }

    private async Task<HashSet<string>> GroupsAsync(string table, string column, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql.ValuesOf(column, table), connection) { CommandTimeout = 0 };
        var groups = new HashSet<string>(StringComparer.Ordinal);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            groups.Add(reader.GetString(0));
        return groups;
    }

    private async Task<SegmentRange?> SegmentsAsync(IDocumentSession session, DateOnly day, long after, int most, CancellationToken cancellationToken)
    {
        await using var command = session.Connection.CreateCommand();
        command.CommandText = $"""
            SELECT min(segment), max(segment), min(first_position), max(last_position), min(received_at), max(received_at) FROM (
                SELECT * FROM {sql.Segments} WHERE received_at >= $1 AND received_at < $2 AND segment > $3 ORDER BY segment LIMIT $4) AS run
            """;
        var start = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        foreach (var value in (object[])[start, start.AddDays(1), after, most])
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.IsDBNull(0)
            ? null
            : new SegmentRange(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3),
                reader.GetFieldValue<DateTimeOffset>(4), reader.GetFieldValue<DateTimeOffset>(5));
    }

    private static async Task ExecuteAsync(IDocumentSession session, string statement, CancellationToken cancellationToken)
    {
        await using var command = session.Connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string question, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(question, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private sealed record SegmentRange(
        long First, long Last, long FirstPosition, long LastPosition, DateTimeOffset ReceivedFrom, DateTimeOffset ReceivedTo);
}
