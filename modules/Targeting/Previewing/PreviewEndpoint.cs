using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Previewing;

/// <summary>A draft, and whose traffic to try it on.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Configuration">The draft, as <c>PUT /api/v1/flags/{key}/environments/{environment}</c> takes it.</param>
/// <param name="From">By the sender's time, inclusive; seven days before <paramref name="To"/> when left out.</param>
/// <param name="To">By the sender's time, exclusive; now when left out.</param>
/// <param name="Limit">How many units to look at, 1 to 1,000,000; 100,000 when left out.</param>
/// <param name="Examples">How many examples for each change, 0 to 20; 3 when left out.</param>
internal sealed record PreviewRequest(
    string Environment, NewConfiguration Configuration, DateTimeOffset? From = null, DateTimeOffset? To = null, int Limit = 100_000, int Examples = 3);

/// <summary><c>POST /api/v1/flags/{key}/preview</c>: a draft against recorded traffic. Changes nothing.</summary>
internal static class PreviewEndpoint
{
    private const int MostUnits = 1_000_000;
    private const int MostExamples = 20;

    /// <summary>What was looked at by then is the answer: a sample.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Period = TimeSpan.FromDays(7);

    public static void MapPreview(this IEndpointRouteBuilder endpoints) => endpoints.MapPost("/api/v1/flags/{key}/preview", Preview)
        .WithTags("Flags").RequireAuthorization(AccessPolicy.Operator)
        .WithSummary("What a draft would change for the units that met the flag in a period: how many, from which variant to which, with examples")
        .Produces<PreviewReport>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<IResult> Preview(
        string key, Body<PreviewRequest> body, HttpContext http, LiveRulesets live, ISender sender, IQuerySession session, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        if (request.Limit is < 1 or > MostUnits)
            throw new InvalidRequest("limit", $"a whole number from 1 to {MostUnits}");
        if (request.Examples is < 0 or > MostExamples)
            throw new InvalidRequest("examples", $"a whole number from 0 to {MostExamples}");
        var to = request.To ?? time.GetUtcNow();
        var from = request.From ?? to - Period;
        if (from >= to)
            throw new InvalidRequest("to", "a time after from");
        if (live.Find(request.Environment) is not { } environment)
            return Problems.NotFound("environment", request.Environment);
        if (live.Flags.FirstOrDefault(flag => flag.Key == key) is not { } present)
            return Problems.NotFound("flag", key);

        // A draft is what a write would be: the same decision says what is wrong with it.
        var write = new ConfigureFlag(http.Audit(), key, request.Environment, request.Configuration.Configuration());
        var draft = present;
        switch (FlagConfiguring.Decide(write, present, live.Ruleset(request.Environment)))
        {
            case Decision.Refuse refused:
                return InDraft(refused.Outcome).ToResult();
            case Decision.Append { Events: [FlagConfigured configured] }:
                draft = present.Configured(configured);
                break;
        }

        var snapshot = environment.State.Snapshot.With(present.Definition(request.Environment));
        var replay = new Replay(key, snapshot, snapshot.With(draft.Definition(request.Environment)), request.Examples);
        var readThen = new AttributesReadThen(session, key, request.Environment, snapshot.Sequence);
        var query = new ReadRecordedContexts(key, request.Environment, from, to, request.Limit + 1);
        var complete = await RunAsync(replay, sender, query, request.Limit, readThen, time, cancellationToken);
        return Results.Json(
            new PreviewReport(
                key, request.Environment, present.Version, snapshot.Sequence, from, to, replay.Units(), complete, replay.Transitions(), replay.Underivable()),
            Json.Options);
    }

    /// <summary>True when every unit of the period was looked at.</summary>
    private static async Task<bool> RunAsync(
        Replay replay, ISender sender, ReadRecordedContexts query, int limit, AttributesReadThen readThen, TimeProvider time, CancellationToken cancellationToken)
    {
        using var budget = new CancellationTokenSource(Budget, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        try
        {
            await foreach (var recorded in sender.CreateStream(query, either.Token))
            {
                if (replay.LookedAt == limit)
                    return false;
                await replay.TakeAsync(recorded, () => readThen.AtAsync(recorded.Sequence, either.Token));
            }

            return true;
        }
        catch (OperationCanceledException) when (budget.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Names fields as they are in this body.</summary>
    private static Outcome InDraft(Outcome outcome) => outcome is Outcome.Invalid invalid
        ? new Outcome.Invalid([.. invalid.Errors.Select(error => error with { Field = $"configuration.{error.Field}" })])
        : outcome;
}
