using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>
/// Endpoint metadata: how a protocol that is not ours words a refusal or failure that the server, not the endpoint, answers
/// (no key, a role that does not reach, an exception). Endpoints without it answer problem details.
/// </summary>
public abstract class ErrorDialect
{
    /// <summary>Writes the answer.</summary>
    /// <param name="http">The request; nothing was written yet.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="detail">A sentence for people.</param>
    public abstract Task AnswerAsync(HttpContext http, int status, string detail);

    /// <summary>Answers a problem in the words of the endpoint that was asked.</summary>
    public static Task AnswerProblemAsync(HttpContext http, int status, string code, string detail) =>
        Of(http) is { } dialect
            ? dialect.AnswerAsync(http, status, detail)
            : Problems.Problem(status, code, detail).ExecuteAsync(http);

    /// <summary>The dialect of the endpoint that was asked; after an exception the request no longer names it, but the fault does.</summary>
    public static ErrorDialect? Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var endpoint = http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return endpoint?.Metadata.GetMetadata<ErrorDialect>();
    }

    /// <summary>A value of the path that was asked, also after an exception.</summary>
    protected static string? PathValue(HttpContext http, string name)
    {
        ArgumentNullException.ThrowIfNull(http);
        return (http.Request.RouteValues[name] ?? http.Features.Get<IExceptionHandlerFeature>()?.RouteValues?[name]) as string;
    }
}
