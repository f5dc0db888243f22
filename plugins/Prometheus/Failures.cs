using System.Net;
using System.Security.Authentication;
using System.Text.Json;

namespace Delivery.Plugins.Prometheus;

/// <summary>What went wrong, as a kind of error.</summary>
internal static class Failures
{
    private const int LongestText = 300;

    /// <summary>A status that is no success. Prometheus: 400 a query it can't read, 422 one it can't run, 503 aborted or timed out.</summary>
    public static PluginError Of(string call, HttpResponseMessage response, string text, TimeProvider time)
    {
        var (type, said) = Said(text);
        var kind = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => PluginErrorKind.Unauthorized,
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => PluginErrorKind.InvalidIntent,
            HttpStatusCode.NotFound => PluginErrorKind.NotFound,
            HttpStatusCode.TooManyRequests => PluginErrorKind.Throttled,
            HttpStatusCode.ServiceUnavailable when type == "timeout" => PluginErrorKind.Timeout,
            >= HttpStatusCode.InternalServerError => PluginErrorKind.Unavailable,
            _ => PluginErrorKind.Internal,
        };
        return new PluginError(kind, $"{call}: {(int)response.StatusCode} {said}".TrimEnd(), RetryAfter(response, time));
    }

    /// <summary>No answer, or half of one.</summary>
    public static PluginError Of(string call, HttpRequestException e)
    {
        var (kind, why) = e.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError when e.InnerException is AuthenticationException => (PluginErrorKind.Unauthorized, "the certificate can't be trusted: "),
            HttpRequestError.ConfigurationLimitExceeded => (PluginErrorKind.Internal, "the answer is too long; do the selectors mean too many series? "),
            HttpRequestError.InvalidResponse or HttpRequestError.UserAuthenticationError => (PluginErrorKind.Internal, "the answer is no HTTP: "),
            _ => (PluginErrorKind.Unavailable, ""),
        };
        return new PluginError(kind, $"{call}: {why}{Innermost(e).Message}");
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e;
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };

    private static (string? Type, string Text) Said(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error))
                return (root.TryGetProperty("errorType", out var type) ? type.ToString() : null, Short(error.ToString()));
        }
        catch (JsonException)
        {
            return (null, Short(text));
        }

        return (null, Short(text));
    }

    private static string Short(string text) => text.Length <= LongestText ? text.Trim() : text[..LongestText].Trim() + "…";
}
