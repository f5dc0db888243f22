using Delivery.Contracts.Access;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;

namespace Delivery.Server.Access;

/// <summary>Keys, roles and policies. Every endpoint needs a key unless it says otherwise.</summary>
internal static class AccessSetup
{
    private const string KeyOrCookie = "key-or-cookie";

    public static void AddAccess(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<KeyRing>();
        builder.Services.AddSingleton<ClientOrigins>();
        builder.Services.AddHostedService<BootstrapKey>();
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<AccessKey>().DatabaseSchemaName("access");
            options.Projections.Snapshot<AccessKey>(SnapshotLifecycle.Inline);
        });

        builder.Services.AddAuthentication(KeyOrCookie)
            .AddPolicyScheme(KeyOrCookie, null, options => options.ForwardDefaultSelector = Choose)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null)
            .AddCookie(CookieAuthenticationDefaults.AuthenticationScheme, ConsoleCookie.Configure);
        var policies = builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var least in Enum.GetValues<AccessRole>())
            policies.AddPolicy(AccessPolicy.For(least), policy => policy.RequireRole(
                Enum.GetValues<AccessRole>().Where(role => role >= least).Select(role => role.ToString())));
    }

    /// <summary>A browser at the console signs in with the cookie; everything else presents its key.</summary>
    private static string Choose(HttpContext http) =>
        http.Request.Headers.ContainsKey("Authorization") || http.Request.Headers.ContainsKey("X-API-Key") || !ConsoleCookie.Concerns(http)
            ? KeyAuthentication.SchemeName
            : CookieAuthenticationDefaults.AuthenticationScheme;
}
