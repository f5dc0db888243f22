using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Scheduling;

/// <summary>Changes to make at a time.</summary>
/// <param name="At">When, in the future.</param>
/// <param name="Changes">What, in order: objects with a <c>kind</c>, a <c>flag</c> and what the kind asks for.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewScheduledChange(DateTimeOffset At, IReadOnlyList<FlagChange> Changes, string? Comment = null);

/// <summary>A flag as it will be.</summary>
/// <param name="At">When.</param>
/// <param name="Due">What is made on the way, in order; one with trouble would fail and is left out.</param>
/// <param name="Flag">The flag then.</param>
/// <param name="Differences">What differs from now.</param>
internal sealed record FlagAhead(DateTimeOffset At, IReadOnlyList<ScheduledChangeView> Due, FlagView Flag, IReadOnlyList<Difference> Differences);

internal static class ScheduledChangeEndpoints
{
    private const string Path = "/api/v1/scheduled-changes";

    public static void MapScheduledChanges(this IEndpointRouteBuilder endpoints)
    {
        var changes = endpoints.MapGroup(Path).WithTags("Scheduled changes").RequireAuthorization(AccessPolicy.Operator);
        changes.MapGet("", List).WithSummary("Scheduled changes, the next due first: ?flag= environment= state=pending|applied|cancelled|failed by= limit= after=")
            .Produces<Page<ScheduledChangeView>>();
        changes.MapPost("", Schedule).WithSummary("Writes changes of flags down to be made together at a time");
        changes.MapGet("{key}", Get).WithSummary("One scheduled change, with what it will change").Produces<ScheduledChangeView>();
        changes.MapPost("{key}/cancel", Cancel).WithSummary("Takes a scheduled change back");
        endpoints.MapGet("/api/v1/flags/{key}/ahead", Ahead).WithTags("Scheduled changes").RequireAuthorization(AccessPolicy.Operator)
            .WithSummary("The flag as it will be at ?at= with all that is scheduled by then, against now; the last scheduled change when left out")
            .Produces<FlagAhead>();
    }

    private static async Task<IResult> List(
        Paging paging, ISender sender, CancellationToken cancellationToken, string? flag = null, string? environment = null, string? state = null, string? by = null)
    {
        var found = await sender.Send(new ListScheduledChanges(flag, environment, Choice.Of<ScheduledChangeState>("state", state), by), cancellationToken);
        return Results.Json(paging.Cut(found, Order), Json.Options);
    }

    private static string Order(ScheduledChangeView change) => $"{change.At.ToUniversalTime():yyyyMMddHHmmssfffffff}-{change.Key}";

    private static async Task<IResult> Schedule(Body<NewScheduledChange> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var outcome = await sender.Send(new ScheduleChange(http.Audit(body.Value.Comment), body.Value.At, body.Value.Changes), cancellationToken);
        return outcome.ToCreated(outcome is Contracts.Commands.Outcome.Done done ? $"{Path}/{done.Key}" : Path);
    }

    private static async Task<IResult> Get(string key, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new FindScheduledChange(key), cancellationToken) is { } change
            ? Results.Json(change, Json.Options).WithVersion(change.Version)
            : Problems.NotFound("scheduled-change", key);

    private static async Task<IResult> Cancel(string key, OptionalReason why, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new CancelScheduledChange(http.Audit(why.Comment), key), cancellationToken)).ToResult();

    private static async Task<IResult> Ahead(
        string key, Forecast forecast, LiveRulesets live, TimeProvider time, CancellationToken cancellationToken, string? at = null)
    {
        var until = at is null ? DateTimeOffset.MaxValue
            : Moment.Parse(at) is Moment.AtTime moment && moment.Time > time.GetUtcNow() ? moment.Time
            : throw new InvalidRequest("at", $"a time in the future; now it is {Sentences.Time(time.GetUtcNow())}");
        var ahead = await forecast.AtAsync([key], until, before: null, cancellationToken);
        if (live.Flags.FirstOrDefault(flag => flag.Key == key) is not { } now || !ahead.Flags.TryGetValue(key, out var then))
            return Problems.NotFound("flag", key);
        var due = ahead.Steps.Where(step => step.Change.Touches(key, environment: null)).ToList();
        var environments = live.Environments.Select(e => e.Key).Order(StringComparer.Ordinal);
        return Results.Json(
            new FlagAhead(
                at is null ? due.LastOrDefault()?.Change.At ?? time.GetUtcNow() : until,
                [.. due.Select(step => ScheduledChangeViews.Of(step.Change, trouble: step.Trouble))],
                FlagView.Of(then, environments),
                Differences.Between(now, then)),
            Json.Options);
    }
}
