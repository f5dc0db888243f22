using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Delivery.Client.Reporting;

/// <summary>What the server said to a report.</summary>
internal abstract record Answer
{
    private Answer()
    {
    }

    /// <summary>Committed, now or by an earlier attempt; some elements may have been refused.</summary>
    internal sealed record Acknowledged(int Rejected, string? FirstFault) : Answer;

    /// <summary>Not now: send the same again.</summary>
    internal sealed record Later(TimeSpan? After, string Why) : Answer;

    /// <summary>Never: the report itself can't be taken.</summary>
    internal sealed record Refused(string Why) : Answer;
}

/// <summary>One intake endpoint of the server.</summary>
internal sealed class Intake(HttpClient http, string path, string source, TimeSpan timeout, TimeProvider time)
{
    internal string Path => path;

    internal async Task<Answer> SendAsync(Batch batch, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var request = Request(batch);
            using var response = await http.SendAsync(request, either.Token);
            return await ReadAsync(response, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Answer.Later(null, "no answer in time");
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            return new Answer.Later(null, fault.Message);
        }
    }

    private HttpRequestMessage Request(Batch batch)
    {
        var content = new ByteArrayContent(batch.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (batch.Compressed)
            content.Headers.ContentEncoding.Add("gzip");
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Add("X-Source", source);
        request.Headers.Add("X-Batch", batch.Number.ToString(CultureInfo.InvariantCulture));
        return request;
    }

    private async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return await ReadAcknowledgementAsync(response, cancellationToken);
        var said = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        // A key may be restored and an address put right, so only a report that can't be taken as it is, is given up.
        return response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge
            or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity
            ? new Answer.Refused(said)
            : new Answer.Later(RetryAfter(response), said);
    }

    private static async Task<Answer> ReadAcknowledgementAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(
                await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
            return body.RootElement.TryGetProperty("rejected", out var rejected)
                && rejected.ValueKind == JsonValueKind.Array && rejected.GetArrayLength() > 0
                ? new Answer.Acknowledged(rejected.GetArrayLength(), rejected[0].GetRawText())
                : new Answer.Acknowledged(0, null);
        }
        catch (JsonException fault)
        {
            return new Answer.Later(null, $"an answer that is not JSON: {fault.Message}");
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => null,
        };
}
