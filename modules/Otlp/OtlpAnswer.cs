using System.Globalization;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Delivery.Otlp;

/// <summary>
/// An answer in the request's own content type: the signal's response with 200, a <see cref="Status"/> with everything else. 429
/// and 503 are the ones a sender repeats, after Retry-After.
/// </summary>
internal sealed class OtlpAnswer(int statusCode, IMessage message, OtlpFormat format) : IResult
{
    private const int RetryAfterSeconds = 1;

    public static OtlpAnswer Refusal(int statusCode, string why, OtlpFormat format) => new(statusCode, new Status { Message = why }, format);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = statusCode;
        if (statusCode is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        var body = format == OtlpFormat.Json ? Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message)) : message.ToByteArray();
        response.ContentType = format == OtlpFormat.Json ? "application/json" : OtlpBody.Protobuf;
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }
}
