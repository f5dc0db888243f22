using System.Globalization;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Exposures.Intake.Served;
using Delivery.Segments;
using Microsoft.AspNetCore.Http;

namespace Delivery.Exposures.Queries;

/// <summary>Where the ledger stands: note segment and hash elsewhere, and a later verification proves that nothing before was rewritten.</summary>
/// <param name="Served">What became of the evaluations by OFREP that this server had to record, since its start.</param>
internal sealed record LedgerView(long Segments, long Rows, HeadView? Head, ServedView Served);

/// <summary>Recorded; lost because more waited than is held; without a unit, so that there was nobody to record.</summary>
internal sealed record ServedView(long Recorded, long Lost, long WithoutUnit);

/// <summary>The last segment.</summary>
internal sealed record HeadView(long Segment, long Position, string Hash, DateTimeOffset ReceivedAt);

internal static class LedgerEndpoints
{
    public static async Task<IResult> Get(SegmentLog<RecordedExposure> log, ServedCounts served, CancellationToken cancellationToken)
    {
        var head = await log.HeadAsync(cancellationToken);
        return Results.Ok(new LedgerView(head.Segment, head.Position, head.ReceivedAt is { } at
            ? new HeadView(head.Segment, head.Position, Convert.ToHexStringLower(head.Hash.Span), at)
            : null, new ServedView(served.Recorded, served.Lost, served.WithoutUnit)));
    }

    public static async Task<IResult> Segments(Paging paging, HttpContext http, SegmentLog<RecordedExposure> log, CancellationToken cancellationToken)
    {
        var segments = await log.SegmentsAsync(QueryValues.Number(http, "after") ?? 0, paging.Limit + 1, cancellationToken);
        return Results.Ok(segments.Count > paging.Limit
            ? new Page<SegmentView>([.. segments.Take(paging.Limit)], segments[paging.Limit - 1].Segment.ToString(CultureInfo.InvariantCulture))
            : new Page<SegmentView>(segments, null));
    }

    public static async Task<IResult> Verify(HttpContext http, SegmentLog<RecordedExposure> log, CancellationToken cancellationToken)
    {
        var (segment, hash) = NotedHead(http);
        var range = new VerificationRange(
            await BoundAsync(http, "from", log.FirstSegmentSinceAsync, cancellationToken),
            await BoundAsync(http, "to", log.LastSegmentBeforeAsync, cancellationToken),
            segment, hash);
        return Results.Ok(await log.VerifyAsync(range, cancellationToken));
    }

    /// <summary>A segment's number, or the time that tells it.</summary>
    private static async Task<long?> BoundAsync(
        HttpContext http, string name, Func<DateTimeOffset, CancellationToken, Task<long>> segmentAt, CancellationToken cancellationToken)
    {
        var text = http.Request.Query[name].ToString();
        if (text.Length == 0)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var segment))
            return segment;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? await segmentAt(time.ToUniversalTime(), cancellationToken)
            : throw new InvalidRequest(name, "a segment's number, or an ISO 8601 time such as 2026-11-23T07:17:00Z");
    }

    private static (long? Segment, string? Hash) NotedHead(HttpContext http) => http.Request.Query["head"].ToString().Split(':') switch
    {
        [""] => (null, null),
        [var segment, { Length: 64 } hash] when long.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => (number, hash),
        _ => throw new InvalidRequest("head", "SEGMENT:HASH as /api/v1/ledger told it"),
    };
}
