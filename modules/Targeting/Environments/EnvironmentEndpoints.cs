using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Environments;

/// <summary>An environment to make.</summary>
/// <param name="Key">1 to 100 characters in kebab-case.</param>
/// <param name="Name">As people read it; the key when left out.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewEnvironment(string Key, string? Name = null, string? Description = null, string? Comment = null);

/// <summary>Whether changes here need a second person.</summary>
/// <param name="RequiresApproval">True: flags here change by a proposal that someone other than its author approved.</param>
/// <param name="Comment">Why.</param>
internal sealed record ApprovalRule(bool RequiresApproval, string? Comment = null);

/// <summary>An environment as the API shows it.</summary>
internal sealed record EnvironmentView(
    string Key, string Name, string? Description, bool RequiresApproval, DateTimeOffset CreatedAt, string? CreatedBy, long Version)
{
    public static EnvironmentView Of(DeliveryEnvironment e) => new(e.Key, e.Name, e.Description, e.RequiresApproval, e.CreatedAt, e.CreatedBy, e.Version);
}

internal static class EnvironmentEndpoints
{
    public static void MapEnvironments(this IEndpointRouteBuilder endpoints)
    {
        var environments = endpoints.MapGroup("/api/v1/environments").WithTags("Environments").RequireAuthorization(AccessPolicy.Operator);
        environments.MapGet("", List).WithSummary("Lists environments").Produces<Page<EnvironmentView>>();
        environments.MapGet("{key}", Get).WithSummary("Shows an environment").Produces<EnvironmentView>();
        environments.MapPost("", Create).RequireAuthorization(AccessPolicy.Admin).WithSummary("Makes an environment; every flag exists in it at once");
        environments.MapPut("{key}/approval", Require).RequireAuthorization(AccessPolicy.Admin)
            .WithSummary("Says whether changes of flags here need a second person: { \"requiresApproval\": true }");
    }

    private static async Task<IResult> List(IQuerySession session, Paging paging, CancellationToken cancellationToken)
    {
        var environments = await session.Query<DeliveryEnvironment>().ToListAsync(cancellationToken);
        return Results.Ok(paging.Cut(environments.Select(EnvironmentView.Of), e => e.Key));
    }

    private static async Task<IResult> Get(string key, IQuerySession session, CancellationToken cancellationToken) =>
        await session.LoadAsync<DeliveryEnvironment>(DeliveryEnvironment.Stream(key), cancellationToken) is { } environment
            ? Results.Ok(EnvironmentView.Of(environment)).WithVersion(environment.Version)
            : Problems.NotFound("environment", key);

    private static async Task<IResult> Create(Body<NewEnvironment> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var (key, name, description, comment) = body.Value;
        var outcome = await sender.Send(new CreateEnvironment(http.Audit(comment), key, name ?? key, description), cancellationToken);
        return outcome.ToCreated($"/api/v1/environments/{key}");
    }

    private static async Task<IResult> Require(string key, Body<ApprovalRule> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new RequireApproval(http.Audit(body.Value.Comment), key, body.Value.RequiresApproval), cancellationToken)).ToResult();
}
