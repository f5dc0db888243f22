using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>
/// An SDK key is bound to an environment that was there when it was issued. Operators and admins name one per request: a
/// mistyped name must not open a ledger of its own.
/// </summary>
internal static class EnvironmentCheck
{
    public static void UseEnvironmentCheck(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (http.Request.Path.StartsWithSegments("/sdk") && http.User.Identity is { IsAuthenticated: true } && !http.User.HasClaim(c => c.Type == AccessPolicy.EnvironmentClaim))
        {
            var environment = http.Environment();
            if (!await http.RequestServices.GetRequiredService<ISender>().Send(new KnowsEnvironment(environment), http.RequestAborted))
            {
                await Problems.NotFound("environment", environment).ExecuteAsync(http);
                return;
            }
        }

        await next(http);
    });
}
