using System.Security.Claims;
using Delivery.Contracts.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Delivery.Server.Access;

/// <summary>
/// The console's session: a person signs in once with a key, and the browser keeps an encrypted cookie with the key's id
/// and role. The API never accepts the cookie, so another site can't make a browser change anything through it.
/// </summary>
internal static class ConsoleCookie
{
    public static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = "delivery";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.LoginPath = "/sign-in";
        options.AccessDeniedPath = "/sign-in";
        options.ReturnUrlParameter = "to";
        options.ExpireTimeSpan = TimeSpan.FromHours(12);
        options.Events.OnValidatePrincipal = StillOpens;
    }

    /// <summary>Whether the request is the console's: all that is not one of the APIs.</summary>
    public static bool Concerns(HttpContext http)
    {
        var path = http.Request.Path;
        return !path.StartsWithSegments("/api") && !path.StartsWithSegments("/sdk") && !path.StartsWithSegments("/ofrep")
            && !path.StartsWithSegments("/v1") && !path.StartsWithSegments("/metrics");
    }

    private static async Task StillOpens(CookieValidatePrincipalContext context)
    {
        var id = context.Principal?.FindFirstValue(AccessPolicy.KeyIdClaim);
        var ring = context.HttpContext.RequestServices.GetRequiredService<KeyRing>();
        if (id is null || await ring.FindAsync(id, context.HttpContext.RequestAborted) is null)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        }
    }
}
