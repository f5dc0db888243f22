using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Lifecycle;
using Delivery.Targeting.Live;
using Delivery.Targeting.Scheduling;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Flags;

internal static class FlagEndpoints
{
    public static void MapFlags(this IEndpointRouteBuilder endpoints)
    {
        var flags = endpoints.MapGroup("/api/v1/flags").WithTags("Flags").RequireAuthorization(AccessPolicy.Operator);
        flags.MapGet("", List).WithSummary("Lists flags: ?owner= tag= type= archived=true|false text= lifecycle=active|stale|ready-to-remove|permanent|archived limit= after=").Produces<Page<FlagView>>();
        flags.MapPost("", Create).WithSummary("Defines a flag; { \"key\": \"x\", \"type\": \"boolean\" } is enough");
        flags.MapGet("{key}", Get).WithSummary("Shows a flag in every environment, or ?environment=; ?at= a sequence or time shows it as it was, a time to come as it is scheduled to be").Produces<FlagView>();
        flags.MapPut("{key}", Define).WithSummary("Writes anew what the flag is: everything but key and type");
        flags.MapPut("{key}/environments/{environment}", Configure).WithSummary("Writes anew the flag's whole configuration in an environment");
        flags.MapPost("{key}/environments/{environment}/kill", Kill).WithSummary("Serves the off variant to everyone, now");
        flags.MapPost("{key}/environments/{environment}/restore", Restore).WithSummary("Takes a kill back");
        flags.MapPost("{key}/archive", Archive).WithSummary("Retires the flag");
    }

    private static async Task<IResult> List(
        Paging paging, LiveRulesets live, LifecycleBook book, CancellationToken cancellationToken, string? lifecycle = null, string? owner = null, string? tag = null, string? type = null, bool? archived = null, string? text = null)
    {
        FlagType? wanted = type is null ? null
            : Enum.TryParse<FlagType>(type, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) && !char.IsDigit(type[0]) ? parsed
            : throw new InvalidRequest("type", "boolean, string, number or object");
        var state = Choice.Of<LifecycleState>("lifecycle", lifecycle);
        var stands = await book.OpenAsync(cancellationToken);
        var found = live.Flags.Where(flag =>
            (owner is null || flag.Identity.Owner == owner)
            && (tag is null || flag.Identity.Tags.Contains(tag))
            && (wanted is null || flag.Identity.Type == wanted)
            && flag.Archived == (archived ?? state == LifecycleState.Archived)
            && (text is null || Mentions(flag, text))
            && (state is null || stands(flag).State == state));
        var page = paging.Cut(found, flag => flag.Key);
        var environments = live.Environments.Select(e => e.Key).Order(StringComparer.Ordinal).ToList();
        return Results.Json(new Page<FlagView>([.. page.Items.Select(flag => FlagView.Of(flag, environments) with { Lifecycle = stands(flag) })], page.Next), Json.Options);
    }

    private static bool Mentions(Flag flag, string text) =>
        flag.Key.Contains(text, StringComparison.OrdinalIgnoreCase)
        || flag.Identity.Description?.Contains(text, StringComparison.OrdinalIgnoreCase) == true;

    private static async Task<IResult> Create(Body<NewFlag> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var f = body.Value;
        var outcome = await sender.Send(
            new CreateFlag(http.Audit(f.Comment), f.Key, f.Type, f.Variants, f.OffVariant, f.Owner, f.Tags, f.Description, f.ExpiresOn, f.ClientVisible, f.Environments),
            cancellationToken);
        return outcome.ToCreated($"/api/v1/flags/{f.Key}");
    }

    private static async Task<IResult> Get(
        string key, IQuerySession session, LiveRulesets live, Forecast forecast, LifecycleBook book, TimeProvider time, CancellationToken cancellationToken,
        string? environment = null, string? at = null)
    {
        var environments = live.Environments.Select(e => e.Key).Order(StringComparer.Ordinal).ToList();
        if (environment is not null && !environments.Contains(environment))
            return Problems.NotFound("environment", environment);
        var moment = at is null ? null : Moment.Parse(at);
        var flag = moment switch
        {
            null => await session.LoadAsync<Flag>(Flag.Stream(key), cancellationToken),
            Moment.AtTime ahead when ahead.Time > time.GetUtcNow() =>
                (await forecast.AtAsync([key], ahead.Time, before: null, cancellationToken)).Flags.GetValueOrDefault(key),
            _ => await FlagHistory.AsOfAsync(session, key, moment, cancellationToken),
        };
        if (flag is null)
            return Problems.NotFound("flag", key);
        var view = FlagView.Of(flag, environment is null ? environments : [environment]);
        return Results.Json(moment is null ? view with { Lifecycle = (await book.OpenAsync(cancellationToken))(flag) } : view, Json.Options).WithVersion(flag.Version);
    }

    private static async Task<IResult> Define(string key, Body<NewIdentity> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new DefineFlag(http.Audit(body.Value.Comment), key, body.Value.Identity()), cancellationToken)).ToResult();

    private static async Task<IResult> Configure(
        string key, string environment, Body<NewConfiguration> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new ConfigureFlag(http.Audit(body.Value.Comment), key, environment, body.Value.Configuration()), cancellationToken)).ToResult();

    private static async Task<IResult> Kill(string key, string environment, OptionalReason why, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new KillFlag(http.Audit(why.Comment), key, environment), cancellationToken)).ToResult();

    private static async Task<IResult> Restore(string key, string environment, OptionalReason why, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new RestoreFlag(http.Audit(why.Comment), key, environment), cancellationToken)).ToResult();

    private static async Task<IResult> Archive(string key, OptionalReason why, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new ArchiveFlag(http.Audit(why.Comment), key), cancellationToken)).ToResult();
}

/// <summary>A body that may be left out: <c>{ "comment": "..." }</c>.</summary>
internal sealed record OptionalReason(string? Comment)
{
    public static async ValueTask<OptionalReason?> BindAsync(HttpContext http, System.Reflection.ParameterInfo parameter)
    {
        // Nothing sent, in HTTP/1.1 and HTTP/2 alike.
        if (http.Request.ContentLength is 0 || http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return new OptionalReason((string?)null);
        return await Body<Reason>.BindAsync(http, parameter) is { } body ? new OptionalReason(body.Value.Comment) : new OptionalReason((string?)null);
    }
}
