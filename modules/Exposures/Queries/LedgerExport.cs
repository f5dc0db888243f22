using System.Globalization;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Segments;
using Microsoft.AspNetCore.Http;

namespace Delivery.Exposures.Queries;

/// <summary>
/// A ledger's head as a document to keep elsewhere: with it, seals and rows can be checked later without this server
/// (<c>LedgerCheck</c> of the client library).
/// </summary>
/// <param name="Ledger">The ledger's name.</param>
/// <param name="Segment">The last segment's number; 0 when there is none.</param>
/// <param name="Position">The last row's position.</param>
/// <param name="Hash">The last segment's hash; 64 zeros when there is none.</param>
/// <param name="ReceivedAt">When the last segment was written.</param>
/// <param name="Columns">What the canonical rows have, in their order.</param>
internal sealed record LedgerHeadView(string Ledger, long Segment, long Position, string Hash, DateTimeOffset? ReceivedAt, IReadOnlyList<string> Columns);

/// <summary>Head, seals and canonical rows, for a check without this server.</summary>
internal static class LedgerExport
{
    private const string Binary = "application/vnd.postgresql.copy";

    public static async Task<IResult> Head(SegmentLog<RecordedExposure> log, CancellationToken cancellationToken)
    {
        var head = await log.HeadAsync(cancellationToken);
        return Results.Ok(new LedgerHeadView(
            ExposureTable.Name, head.Segment, head.Position, Convert.ToHexStringLower(head.Hash.Span), head.ReceivedAt,
            ["position", "received_at", .. ExposureTable.Table.Columns.Select(column => column.Name)]));
    }

    public static IResult Seals(HttpContext http, SegmentLog<RecordedExposure> log)
    {
        var (first, last) = Range(http);
        return Results.Stream(
            async output =>
            {
                await foreach (var seal in log.SealsAsync(first, last, http.RequestAborted))
                {
                    await JsonSerializer.SerializeAsync(output, seal, Json.Options, http.RequestAborted);
                    await output.WriteAsync("\n"u8.ToArray(), http.RequestAborted);
                }
            },
            "application/x-ndjson");
    }

    public static IResult Rows(HttpContext http, SegmentLog<RecordedExposure> log)
    {
        var (first, last) = Range(http);
        return Results.Stream(output => log.ExportRowsAsync(first, last, output, http.RequestAborted), Binary, "ledger.pgcopy");
    }

    private static (long First, long Last) Range(HttpContext http)
    {
        var (first, last) = (QueryValues.Number(http, "from") ?? 1, QueryValues.Number(http, "to") ?? long.MaxValue);
        return first is > 0 && first <= last ? (first, last) : throw new InvalidRequest("from", string.Create(CultureInfo.InvariantCulture, $"a segment's number from 1 to {last}"));
    }
}
