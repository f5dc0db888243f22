using Marten;
using Marten.Services;
using Npgsql;

namespace Delivery.Segments;

/// <summary>What a verification looks at: segments by number, both ends included; null is open.</summary>
/// <param name="FirstSegment">The first segment.</param>
/// <param name="LastSegment">The last segment.</param>
/// <param name="Segment">A segment whose hash was noted elsewhere, or null.</param>
/// <param name="Hash">That hash.</param>
public sealed record VerificationRange(long? FirstSegment = null, long? LastSegment = null, long? Segment = null, string? Hash = null);

/// <summary>What a verification found.</summary>
/// <param name="Valid">Whether every hash and every link held.</param>
/// <param name="Segments">How many segments were looked at.</param>
/// <param name="Rows">How many rows were hashed.</param>
/// <param name="Breaks">What did not hold.</param>
/// <param name="Redacted">The segments of which rows were masked on the record; they hold against their hash after that.</param>
/// <param name="Retired">The segments of which rows were deleted on the record, because they are kept no longer; what is left holds against its hash after that.</param>
public sealed record Verification(
    bool Valid, long Segments, long Rows, IReadOnlyList<SegmentBreak> Breaks, IReadOnlyList<long> Redacted, IReadOnlyList<RetiredSegments> Retired);

/// <summary>Something that is not as it was sealed.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Kind"><c>row-changed</c>, <c>row-removed</c>, <c>row-added</c>, <c>chain</c>, <c>seal-missing</c>, <c>unsealed-rows</c>, <c>head</c>.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record SegmentBreak(long Segment, string Kind, string Detail);

/// <summary>
/// Recomputes the hashes of a log from its stored rows and follows the chain of its seals, in one snapshot of the database.
/// It finds any changed, added or removed row, and any changed, added or removed seal but those at the open end: what
/// protects the end is a head noted elsewhere.
/// </summary>
internal sealed class SegmentVerifier(SegmentSql sql, IDocumentStore store, NpgsqlDataSource database, int connections)
{
    private const int SegmentsAtATime = 200;
    private const int MostBreaks = 1_000;

    public async Task<Verification> VerifyAsync(VerificationRange range, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        var portions = new PortionCutter(await SlicesAsync(connection, cancellationToken));
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var run = new VerificationRun(range, await SegmentChanges.ReadAsync(session, sql, cancellationToken));
        var next = Math.Max(1, range.FirstSegment ?? 1);
        var end = Math.Min(range.LastSegment ?? long.MaxValue, (await session.Events.FetchStreamStateAsync(sql.Stream, cancellationToken))?.Version ?? 0);
        run.Start((await SegmentRedaction.SealsAsync(session, sql, next - 1, next - 1, cancellationToken)).SingleOrDefault());
        await using (var hashing = await VerificationReaders.StartAsync(sql, connection, connections, cancellationToken))
        {
            for (; next <= end && run.Breaks.Count < MostBreaks; next += SegmentsAtATime)
            {
                var seals = await SegmentRedaction.SealsAsync(session, sql, next, Math.Min(end, next + SegmentsAtATime - 1), cancellationToken);
                foreach (var portion in seals.SelectMany(portions.Add))
                    await hashing.AddAsync(portion, run, cancellationToken);
            }

            foreach (var portion in portions.Finish())
                await hashing.AddAsync(portion, run, cancellationToken);
            await hashing.FinishAsync(run, cancellationToken);
        }

        run.Reach(end);
        if (range.LastSegment is null)
            await UnsealedAsync(run, connection, cancellationToken);
        return run.Result();
    }

    /// <summary>The slices, and a lock that keeps them from being dropped before they are read.</summary>
    private async Task<IReadOnlyList<Slice>> SlicesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using (var hold = new NpgsqlCommand($"LOCK TABLE {sql.Rows} IN ACCESS SHARE MODE", connection))
            await hold.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"SELECT name, first, \"end\" FROM ({SegmentSql.Slices}) AS s", connection) { Parameters = { new() { Value = sql.Rows } } };
        var slices = new List<Slice>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            slices.Add(new Slice(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
        return slices;
    }

    private async Task UnsealedAsync(VerificationRun run, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT (SELECT count(*) FROM {sql.Rows} WHERE position > $1) + (SELECT count(*) FROM {sql.Rows} WHERE position < 1)", connection)
        { CommandTimeout = 0 };
        command.Parameters.AddWithValue(run.LastPosition);
        if (await command.ExecuteScalarAsync(cancellationToken) is long rows and > 0)
            run.Breaks.Add(new SegmentBreak(run.LastSegment + 1, "unsealed-rows", $"{rows} rows lie outside of every sealed segment."));
    }
}
