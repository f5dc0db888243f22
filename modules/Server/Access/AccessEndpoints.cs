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
internal sealed record NewKey(string Name, AccessRole Role, string? Environment = null, string? Comment = null);

/// <summary>A key as the API shows it; the secret is shown once, when it is issued.</summary>
internal sealed record KeyView(string Id, string Name, AccessRole Role, string? Environment, DateTimeOffset IssuedAt, string? IssuedBy, DateTimeOffset? RevokedAt, long Version)
{
    public static KeyView Of(AccessKey key) =>
        new(key.KeyId, key.Name, key.Role, key.Environment, key.IssuedAt, key.IssuedBy, key.RevokedAt, key.Version);
}

internal static class AccessEndpoints
{
    public static void MapAccess(this WebApplication app)
    {
        var keys = app.MapGroup("/api/v1/keys").WithTags("Keys").RequireAuthorization(AccessPolicy.Admin);
        keys.MapGet("", List).WithSummary("Lists access keys, without their secrets").Produces<Page<KeyView>>();
        keys.MapGet("{id}", Get).WithSummary("Shows one access key").Produces<KeyView>();
        keys.MapPost("", Issue).WithSummary("Issues a key; the answer shows its secret, once");
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

    private static async Task<IResult> Issue(Body<NewKey> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var (name, role, environment, comment) = body.Value;
        var (key, secret) = KeySecret.Make(role);
        var audit = http.Audit(comment) with { IdempotencyKey = null };
        var outcome = await sender.Send(new IssueKey(audit, secret.Id, name, role, environment, secret.Hash()), cancellationToken);
        return outcome.ToResult(_ => Results.Created($"/api/v1/keys/{secret.Id}", new { secret.Id, name, role, environment, key }));
    }

    private static async Task<IResult> Revoke(string id, HttpContext http, ISender sender, KeyRing ring, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new RevokeKey(http.Audit(), id), cancellationToken);
        ring.Forget(id);
        return outcome.ToResult();
    }
}
