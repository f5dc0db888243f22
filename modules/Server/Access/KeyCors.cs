using System.Security.Claims;
using Delivery.Contracts.Access;
using Microsoft.Net.Http.Headers;

namespace Delivery.Server.Access;

/// <summary>
/// Cross-origin calls with a client key: OFREP, and the intake of exposures and events. Each key says which pages may use it.
/// Not ASP.NET's CORS policies: those know neither the key, which the preflight lacks, nor that it was changed meanwhile.
/// </summary>
internal static class KeyCors
{
    private const string AllowedHeaders = "Authorization, X-API-Key, Content-Type, Content-Encoding, If-None-Match, Last-Event-ID, Idempotency-Key";
    private const string ExposedHeaders = "ETag, Retry-After";

    /// <summary>How long a browser may keep a preflight's answer, in seconds.</summary>
    private const string PreflightSeconds = "600";

    private static readonly string[] Paths = ["/ofrep", "/sdk/v1/exposures", "/sdk/v1/events"];

    /// <summary>Before authorisation: a preflight has no key. After authentication: an answer is for the key's pages.</summary>
    public static void UseKeyCors(this WebApplication app) => app.Use((http, next) =>
        http.Request.Headers.Origin.ToString() is { Length: > 0 } origin && Array.Exists(Paths, path => http.Request.Path.StartsWithSegments(path))
            ? AnswerAsync(http, origin, next)
            : next(http));

    private static async Task AnswerAsync(HttpContext http, string origin, RequestDelegate next)
    {
        var origins = http.RequestServices.GetRequiredService<ClientOrigins>();
        var asked = http.Request.Headers.AccessControlRequestMethod.ToString();
        if (HttpMethods.IsOptions(http.Request.Method) && asked.Length > 0)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            http.Response.Headers.Vary = $"{HeaderNames.Origin}, {HeaderNames.AccessControlRequestMethod}, {HeaderNames.AccessControlRequestHeaders}";
            if (!await origins.AllowSomeAsync(origin, http.RequestAborted))
                return;
            http.Response.Headers.AccessControlAllowOrigin = origin;
            http.Response.Headers.AccessControlAllowMethods = "GET, POST";
            http.Response.Headers.AccessControlAllowHeaders = AllowedHeaders;
            http.Response.Headers.AccessControlMaxAge = PreflightSeconds;
            return;
        }

        var allowed = await AllowAsync(http, origins, origin);
        // At the start of the answer: an error handler empties the headers before it.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
            if (allowed)
            {
                http.Response.Headers.AccessControlAllowOrigin = origin;
                http.Response.Headers.AccessControlExposeHeaders = ExposedHeaders;
            }

            return Task.CompletedTask;
        });
        await next(http);
    }

    /// <summary>Without a key that opens (a refusal, an event stream) the page may read the answer if some key is for it.</summary>
    private static async ValueTask<bool> AllowAsync(HttpContext http, ClientOrigins origins, string origin)
    {
        if (http.User.Identity is not { IsAuthenticated: true } || http.User.FindFirstValue(AccessPolicy.KeyIdClaim) is not { } id)
            return await origins.AllowSomeAsync(origin, http.RequestAborted);
        var key = await http.RequestServices.GetRequiredService<KeyRing>().FindAsync(id, http.RequestAborted);
        return key is { Role: AccessRole.ClientSdk } ? origins.Allow(key, origin) : origins.AllowConfigured(origin);
    }
}
