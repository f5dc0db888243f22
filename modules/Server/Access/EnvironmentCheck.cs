using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>
/// An SDK key is bound to an environment that was there when it was issued. Operators and admins name one per request: a
/// mistyped name must not open a ledger of its own, nor be answered as if nothing had happened there.
/// </summary>
internal static class EnvironmentCheck
{
    public static void UseEnvironmentCheck(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (Named(http) is { } environment
            && !await http.RequestServices.GetRequiredService<ISender>().Send(new KnowsEnvironment(environment), http.RequestAborted))
            await Problems.NotFound("environment", environment).ExecuteAsync(http);
        else
            await next(http);
    });

    /// <summary>The environment the request names and the key leaves open; the SDK and OTLP endpoints mean production when it names none.</summary>
    private static string? Named(HttpContext http)
    {
        if (http.User.Identity is not { IsAuthenticated: true } || http.User.HasClaim(c => c.Type == AccessPolicy.EnvironmentClaim))
            return null;
        if (http.Request.Path.StartsWithSegments("/sdk") || http.Request.Path.StartsWithSegments("/v1"))
            return http.Environment();
        return http.Request.Path.StartsWithSegments("/api") && http.Request.Query["environment"].ToString() is { Length: > 0 } asked ? asked : null;
    }
}
