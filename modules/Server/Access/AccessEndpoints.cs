using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Marten;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>A key to issue.</summary>
/// <param name="Name">Who holds it; events carry this name as the actor.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Environment">For SDK keys: the environment it is bound to.</param>
/// <param name="Comment">Why.</param>
/// <param name="AllowedOrigins">For client SDK keys: the web origins whose pages may call with it; <c>*</c> is any. Default: none.</param>
/// <param name="RecordsExposures">Whether single OFREP evaluations for its holder are recorded as exposures. Default: yes for SDK keys, no for operators and admins.</param>
internal sealed record NewKey(
    string Name, AccessRole Role, string? Environment = null, string? Comment = null, IReadOnlyList<string>? AllowedOrigins = null, bool? RecordsExposures = null);

/// <summary>Whether single OFREP evaluations for a key's holder are recorded as exposures.</summary>
internal sealed record KeyRecording(bool RecordsExposures, string? Comment = null);

/// <summary>The web origins whose pages may use a key; the whole list, an empty one closes it to browsers.</summary>
/// <param name="AllowedOrigins">Such as <c>https://shop.example</c>; <c>*</c> is any.</param>
/// <param name="Comment">Why.</param>
internal sealed record KeyOrigins(IReadOnlyList<string> AllowedOrigins, string? Comment = null);

/// <summary>A key as the API shows it; the secret is shown once, when it is issued.</summary>
internal sealed record KeyView(string Id, string Name, AccessRole Role, string? Environment, IReadOnlyList<string> AllowedOrigins, bool RecordsExposures, DateTimeOffset IssuedAt, string? IssuedBy, DateTimeOffset? RevokedAt, long Version)
{
    public static KeyView Of(AccessKey key) =>
        new(key.KeyId, key.Name, key.Role, key.Environment, key.AllowedOrigins, key.IsRecorded(), key.IssuedAt, key.IssuedBy, key.RevokedAt, key.Version);
}

internal static class AccessEndpoints
{
    public static void MapAccess(this WebApplication app)
    {
        var keys = app.MapGroup("/api/v1/keys").WithTags("Keys").RequireAuthorization(AccessPolicy.Admin);
        keys.MapGet("", List).WithSummary("Lists access keys, without their secrets").Produces<Page<KeyView>>();
        keys.MapGet("{id}", Get).WithSummary("Shows one access key").Produces<KeyView>();
        keys.MapPost("", Issue).WithSummary("Issues a key; the answer shows its secret, once");
        keys.MapPut("{id}/allowed-origins", SetOrigins).WithSummary("Sets the web origins whose pages may use a client key");
        keys.MapPut("{id}/recording", SetRecording).WithSummary("Says whether single OFREP evaluations for the key's holder are recorded as exposures");
        keys.MapDelete("{id}", Revoke).WithSummary("Revokes a key, at once");
    }

    private static async Task<IResult> List(IQuerySession session, Paging paging, CancellationToken cancellationToken)
    {
        var keys = await session.Query<AccessKey>().ToListAsync(cancellationToken);
        return Results.Ok(paging.Cut(keys.Select(KeyView.Of), k => k.Id));
    }

    private static async Task<IResult> Get(string id, IQuerySession session, CancellationToken cancellationToken) =>
        await session.LoadAsync<AccessKey>(AccessKey.Stream(id), cancellationToken) is { } key
            ? Results.Ok(KeyView.Of(key)).WithVersion(key.Version)
            : Problems.NotFound("key", id);

    private static async Task<IResult> Issue(Body<NewKey> body, HttpContext http, ISender sender, ClientOrigins pages, CancellationToken cancellationToken)
    {
        var (name, role, environment, comment, asked, recordsExposures) = body.Value;
        var allowedOrigins = asked ?? [];
        var (key, secret) = KeySecret.Make(role);
        var audit = http.Audit(comment) with { IdempotencyKey = null };
        var outcome = await sender.Send(new IssueKey(audit, secret.Id, name, role, environment, secret.Hash(), allowedOrigins, recordsExposures), cancellationToken);
        pages.Forget();
        return outcome.ToResult(_ => Results.Created($"/api/v1/keys/{secret.Id}", new { secret.Id, name, role, environment, allowedOrigins = WebOrigins.Normal(allowedOrigins), key }));
    }

    private static async Task<IResult> SetOrigins(
        string id, Body<KeyOrigins> body, HttpContext http, ISender sender, KeyRing ring, ClientOrigins pages, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new SetKeyOrigins(http.Audit(body.Value.Comment), id, body.Value.AllowedOrigins), cancellationToken);
        ring.Forget(id);
        pages.Forget();
        return outcome.ToResult();
    }

    private static async Task<IResult> SetRecording(string id, Body<KeyRecording> body, HttpContext http, ISender sender, KeyRing ring, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new SetKeyRecording(http.Audit(body.Value.Comment), id, body.Value.RecordsExposures), cancellationToken);
        ring.Forget(id);
        return outcome.ToResult();
    }

    private static async Task<IResult> Revoke(string id, HttpContext http, ISender sender, KeyRing ring, ClientOrigins pages, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new RevokeKey(http.Audit(), id), cancellationToken);
        ring.Forget(id);
        pages.Forget();
        return outcome.ToResult();
    }
}
