using System.Net;
using Delivery.Contracts.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace Delivery.Server.Access;

/// <summary>The console's door: a form that takes a key and gives the cookie. Plain HTML, so that it works before anything else does.</summary>
internal static class SignIn
{
    public static void MapSignIn(this WebApplication app)
    {
        app.MapGet("/sign-in", Show).AllowAnonymous().ExcludeFromDescription();
        app.MapPost("/sign-in", Enter).AllowAnonymous().ExcludeFromDescription();
        app.MapPost("/sign-out", (Delegate)Leave).ExcludeFromDescription().DisableAntiforgery();
    }

    /// <summary>With <c>?key=</c>, as the AppHost prints it for this machine, the door opens by itself.</summary>
    private static async Task<IResult> Show(string? key, string? to, HttpContext http, IAntiforgery antiforgery, KeyRing ring) =>
        key is null ? Page(http, antiforgery, to, null) : await Open(key, to, http, antiforgery, ring);

    private static Task<IResult> Enter([FromForm] string? key, [FromForm] string? to, HttpContext http, IAntiforgery antiforgery, KeyRing ring) =>
        Open(key ?? "", to, http, antiforgery, ring);

    private static async Task<IResult> Leave(HttpContext http)
    {
        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.LocalRedirect("/sign-in");
    }

    private static async Task<IResult> Open(string presented, string? to, HttpContext http, IAntiforgery antiforgery, KeyRing ring)
    {
        var key = KeySecret.Parse(presented.Trim()) is { } secret ? await ring.OpenAsync(secret, http.RequestAborted) : null;
        if (key is null)
            return Page(http, antiforgery, to, "That key opens nothing: it is unknown or was revoked.");
        if (key.Role < AccessRole.Operator)
            return Page(http, antiforgery, to, "That is an SDK's key; the console needs an operator's or an admin's.");
        await http.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, KeyAuthentication.Principal(key, CookieAuthenticationDefaults.AuthenticationScheme));
        return Results.LocalRedirect(to is ['/', not '/', ..] && !to.StartsWith("/\\", StringComparison.Ordinal) ? to : "/");
    }

    private static IResult Page(HttpContext http, IAntiforgery antiforgery, string? to, string? trouble)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        var html = $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Sign in · Delivery</title><link rel="stylesheet" href="/_content/Delivery.Console/console.css"></head>
            <body><form class="door" method="post" action="/sign-in">
            <h1>Delivery</h1>
            <label for="key">Access key of an operator or admin</label>
            <input id="key" name="key" type="password" autocomplete="current-password" autofocus required>
            <input type="hidden" name="to" value="{WebUtility.HtmlEncode(to ?? "/")}">
            <input type="hidden" name="{tokens.FormFieldName}" value="{tokens.RequestToken}">
            {(trouble is null ? "" : $"<p class=\"trouble\" role=\"alert\">{WebUtility.HtmlEncode(trouble)}</p>")}
            <button>Sign in</button>
            <p class="muted">The platform prints its admin key where it was started.</p>
            </form></body></html>
            """;
        return Results.Content(html, "text/html; charset=utf-8", statusCode: trouble is null ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized);
    }
}
