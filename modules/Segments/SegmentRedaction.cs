using JasperFx.Events;
using Marten;

namespace Delivery.Segments;

/// <summary>
/// Rows were masked, on purpose and on the record: their segments have a second hash, which counts from here on. The chain
/// keeps the first one, so the segments that follow are untouched.
/// </summary>
/// <param name="Pseudonym">What stands in the place of what was masked.</param>
/// <param name="Rows">How many rows were masked.</param>
/// <param name="Segments">The segments and their new hashes.</param>
internal sealed record RowsRedacted(string Pseudonym, long Rows, IReadOnlyList<ResealedSegment> Segments);

/// <summary>A segment's hash over its rows as they are after a change on the record, and the previous segment's first hash.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Hash">The hash.</param>
/// <param name="Rows">How many rows are left; null when none were retired.</param>
internal sealed record ResealedSegment(long Segment, string Hash, long? Rows = null);

/// <summary>Seals segments again after the caller masked rows of them in the session's transaction.</summary>
internal sealed class SegmentRedaction(SegmentSql sql)
{
    public async Task ResealAsync(IDocumentSession session, string pseudonym, long[] positions, CancellationToken cancellationToken)
    {
        var resealed = new List<ResealedSegment>();
        foreach (var segment in await SegmentsOfAsync(session, positions, cancellationToken))
        {
            var seals = await SealsAsync(session, sql, segment, segment, cancellationToken);
            using var hashes = new SegmentHashes(seals);
            var rows = new PositionRange(seals[0].FirstPosition - 1, seals[0].LastPosition, null, null);
            await SegmentRows.ForEachAsync(sql, session.Connection, rows, hashes.Add, cancellationToken);
            resealed.Add(new ResealedSegment(segment, hashes.Finish()[0].Hash));
        }

        session.Events.Append(sql.Redactions, new RowsRedacted(pseudonym, positions.Length, resealed));
    }

    public static async Task<IReadOnlyList<RowsSealed>> SealsAsync(IDocumentSession session, SegmentSql sql, long first, long last, CancellationToken cancellationToken)
    {
        var events = first < 1 ? [] : await session.Events.FetchStreamAsync(sql.Stream, last, fromVersion: first, token: cancellationToken);
        return [.. events.OfType<IEvent<RowsSealed>>().OrderBy(e => e.Version).Select(e => e.Data with { Segment = e.Version })];
    }

    private async Task<List<long>> SegmentsOfAsync(IDocumentSession session, long[] positions, CancellationToken cancellationToken)
    {
        await using var command = session.Connection.CreateCommand();
        command.CommandText = $"""
            SELECT DISTINCT s.segment FROM unnest($1) AS p (position)
            CROSS JOIN LATERAL (SELECT segment FROM {sql.Segments} WHERE last_position >= p.position ORDER BY last_position LIMIT 1) AS s
            ORDER BY s.segment
            """;
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = positions });
        var segments = new List<long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            segments.Add(reader.GetInt64(0));
        return segments;
    }
}
