using System.Security.Claims;
using System.Text.Encodings.Web;
using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Delivery.Server.Access;

/// <summary>Signs a request in by its key: <c>Authorization: Bearer KEY</c> or <c>X-API-Key: KEY</c>.</summary>
internal sealed class KeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, KeyRing ring)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "key";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (KeySecret.Presented(Request.Headers) is not { } presented)
            return AuthenticateResult.NoResult();
        if (KeySecret.Parse(presented) is not { } secret)
            return AuthenticateResult.Fail("not a Delivery key");
        return await ring.OpenAsync(secret, Context.RequestAborted) is { } key
            ? AuthenticateResult.Success(new AuthenticationTicket(Principal(key, SchemeName), SchemeName))
            : AuthenticateResult.Fail("unknown or revoked key");
    }

    /// <summary>What the rest of the server knows of a key's holder.</summary>
    public static ClaimsPrincipal Principal(AccessKey key, string scheme)
    {
        var identity = new ClaimsIdentity(scheme);
        identity.AddClaim(new Claim(identity.NameClaimType, key.Name));
        identity.AddClaim(new Claim(AccessPolicy.RoleClaim, key.Role.ToString()));
        identity.AddClaim(new Claim(AccessPolicy.KeyIdClaim, key.KeyId));
        if (key.Environment is { } environment)
            identity.AddClaim(new Claim(AccessPolicy.EnvironmentClaim, environment));
        if (key.IsRecorded())
            identity.AddClaim(new Claim(AccessPolicy.RecordedClaim, bool.TrueString));
        return new ClaimsPrincipal(identity);
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer realm=\"delivery\"";
        return ErrorDialect.AnswerProblemAsync(Context, StatusCodes.Status401Unauthorized, "unauthorized",
            "Send a valid key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        ErrorDialect.AnswerProblemAsync(Context, StatusCodes.Status403Forbidden, "forbidden",
            $"The key '{Context.User.Identity?.Name}' has the role '{AccessPolicy.For(Context.User.AccessRole())}'; {Context.Request.Path} takes '{Needed()}'{(Needed() == AccessPolicy.Admin ? "" : " or higher")}.");

    /// <summary>The policies of an endpoint and its group all hold, so the highest counts.</summary>
    private string Needed()
    {
        var asked = Context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(data => data.Policy).ToHashSet() ?? [];
        return Enum.GetValues<AccessRole>().OrderDescending().Select(AccessPolicy.For).FirstOrDefault(asked.Contains, AccessPolicy.Operator);
    }
}
