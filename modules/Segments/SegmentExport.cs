using System.Buffers;
using System.Runtime.CompilerServices;
using Marten;
using Npgsql;

namespace Delivery.Segments;

/// <summary>A seal as its event has it, for whoever checks the log without us.</summary>
/// <param name="Segment">The segment's number.</param>
/// <param name="Hash">SHA-256 over its canonical rows and the previous hash, lower-case hex.</param>
/// <param name="RowsLeft">How many rows are left after some were retired; null when none were.</param>
/// <param name="PresentHash">The hash over its rows as they are after rows were masked or retired on the record; null when none were, or none are left to hash.</param>
/// <param name="IsRedacted">Whether rows of it were masked.</param>
public sealed record SealView(
    long Segment, long FirstPosition, long LastPosition, long Rows, DateTimeOffset ReceivedAt, string Hash, string PreviousHash, int Format,
    long? RowsLeft, string? PresentHash, bool IsRedacted);

/// <summary>Gives seals and canonical rows out as they are, in constant memory.</summary>
internal sealed class SegmentExport(SegmentSql sql, IDocumentStore store, NpgsqlDataSource database, SegmentRows rows)
{
    private const int SegmentsAtATime = 1_000;

    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Trailer = [0xff, 0xff];

    public async IAsyncEnumerable<SealView> SealsAsync(long first, long last, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var session = store.LightweightSession();
        var changes = await SegmentChanges.ReadAsync(session, sql, cancellationToken);
        last = Math.Min(last, (await session.Events.FetchStreamStateAsync(sql.Stream, cancellationToken))?.Version ?? 0);
        for (var next = Math.Max(1, first); next <= last; next += SegmentsAtATime)
        {
            foreach (var seal in await SegmentRedaction.SealsAsync(session, sql, next, Math.Min(last, next + SegmentsAtATime - 1), cancellationToken))
                yield return new SealView(
                    seal.Segment, seal.FirstPosition, seal.LastPosition, seal.Rows, seal.ReceivedAt, seal.Hash, seal.PreviousHash, seal.Format,
                    changes.Of(seal.Segment)?.Rows,
                    changes.Of(seal.Segment) is { Hash.Length: > 0 } change ? change.Hash : null, changes.IsRedacted(seal.Segment));
        }
    }

    /// <summary>Writes the rows of the segments in PostgreSQL's binary COPY format; a few segments at a time, so that nothing sorts a whole log.</summary>
    public async Task RowsAsync(long afterPosition, long lastPosition, int rowsAtATime, Stream output, CancellationToken cancellationToken)
    {
        await output.WriteAsync(Header, cancellationToken);
        var tuples = new ArrayBufferWriter<byte>(64 * 1024);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        while (afterPosition < lastPosition && await rows.NextRangeAsync(afterPosition, rowsAtATime, cancellationToken) is { } range)
        {
            var last = Math.Min(range.LastPosition, lastPosition);
            await SegmentRows.ForEachAsync(sql, connection, range with { LastPosition = last }, tuple => tuples.Write(tuple), cancellationToken);
            await output.WriteAsync(tuples.WrittenMemory, cancellationToken);
            tuples.ResetWrittenCount();
            afterPosition = last;
        }

        await output.WriteAsync(Trailer, cancellationToken);
    }
}
