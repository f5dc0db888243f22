using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Delivery.Segments.Intake;

/// <summary>
/// The road of one telemetry request: body, elements, rows, commit, answer. 200 with
/// <c>{ "accepted", "rejected": [ { "index", "field", "message" } ], "duplicate" }</c> once it is committed; 400 for a body
/// that can't be read; 409 for a batch number used before for something else; 413 and 415; 429 with Retry-After when
/// too much waits; 503 with Retry-After when the database does not confirm.
/// </summary>
public static class TelemetryIntake
{
    private const int LongestSource = 200;
    private const int RetryAfterSeconds = 1;
    private const string Lines = "application/x-ndjson";

    /// <summary>Takes a request into a log.</summary>
    /// <param name="http">The request.</param>
    /// <param name="log">Where its rows go.</param>
    /// <param name="time">The server's clock.</param>
    /// <param name="elements">Makes the reader of the request's elements.</param>
    public static async Task<IResult> TakeAsync<TRow>(
        HttpContext http, SegmentLog<TRow> log, TimeProvider time, Func<IntakeRequest, IElementReader> elements)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = IntakeBody.LargestBytes;
        var request = new IntakeRequest(http.Environment(), Source(http), time.GetUtcNow());
        var batch = Batch(http, request.Source);
        var lines = IsLines(http);
        var rows = log.NewBatch();
        BatchKey? key = null;
        List<RejectedElement> rejected;
        try
        {
            using var body = await IntakeBody.ReadAsync(http, log.Budget, http.RequestAborted);
            if (body is null)
            {
                rows.Dispose();
                return TooMuch(http);
            }

            rejected = lines
                ? Elements.ReadLines(body.Bytes, elements(request), rows)
                : Elements.ReadArray(body.Bytes, elements(request), rows);
            if (batch is { } number)
                key = new BatchKey($"{request.Environment}/{request.Source}", number, XxHash128.HashToUInt128(body.Bytes));
        }
        catch
        {
            rows.Dispose();
            throw;
        }

        var accepted = rows.Count;
        var repetition = key is null ? default : Answer(accepted, rejected, duplicate: true);
        var outcome = await log.AppendAsync(rows, key, repetition, http.RequestAborted);
        return ToResult(http, outcome, accepted, rejected);
    }

    private static IResult ToResult(HttpContext http, BatchOutcome outcome, int accepted, List<RejectedElement> rejected) => outcome switch
    {
        BatchOutcome.Committed => Results.Bytes(Answer(accepted, rejected, duplicate: false), "application/json"),
        BatchOutcome.Repeated repeated => Results.Bytes(repeated.Answer, "application/json"),
        BatchOutcome.Reused => Problems.Problem(StatusCodes.Status409Conflict, "batch-reused",
            "This X-Batch of this X-Source was used for other content. Number each batch once; a new process takes a new X-Source."),
        BatchOutcome.Full => TooMuch(http),
        BatchOutcome.Unavailable => Unavailable(http),
        _ => throw new InvalidOperationException($"unknown outcome {outcome.GetType().Name}"),
    };

    private static IResult TooMuch(HttpContext http)
    {
        http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Problem(StatusCodes.Status429TooManyRequests, "queue-full", "More is waiting to be written than the server holds. Send the same batch again later.");
    }

    private static IResult Unavailable(HttpContext http)
    {
        http.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Problems.Problem(StatusCodes.Status503ServiceUnavailable, "database-unavailable", "The database did not confirm the batch. Send the same batch again, with the same X-Batch.");
    }

    private static string? Source(HttpContext http)
    {
        var source = http.Request.Headers["X-Source"].ToString();
        return source.Length > LongestSource ? throw new InvalidRequest("X-Source", $"at most {LongestSource} characters")
            : source.Length == 0 ? null
            : ElementText.IsStorable(Encoding.UTF8.GetBytes(source)) ? source
            : throw new InvalidRequest("X-Source", "text without U+0000");
    }

    private static long? Batch(HttpContext http, string? source)
    {
        var batch = http.Request.Headers["X-Batch"].ToString();
        if (batch.Length == 0)
            return null;
        if (source is null)
            throw new InvalidRequest("X-Source", "the sender's instance id: X-Batch counts the batches of one source");
        return long.TryParse(batch, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InvalidRequest("X-Batch", "a whole number, 0 or more");
    }

    private static bool IsLines(HttpContext http)
    {
        if (http.Request.HasJsonContentType())
            return false;
        return http.Request.ContentType is { } type && type.StartsWith(Lines, StringComparison.OrdinalIgnoreCase)
            ? true
            : throw new InvalidRequest([new FieldError("Content-Type", $"application/json or {Lines}")], StatusCodes.Status415UnsupportedMediaType);
    }

    private static byte[] Answer(int accepted, List<RejectedElement> rejected, bool duplicate) =>
        JsonSerializer.SerializeToUtf8Bytes(new { accepted, rejected, duplicate }, Json.Options);
}
