using System.Runtime.InteropServices;
using System.Text.Json;
using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Evaluating;

/// <summary>An evaluation to make for a person.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key; production when left out.</param>
/// <param name="Context">The attributes; targetingKey names the unit.</param>
/// <param name="Explain">Whether to tell every step; <c>?explain=true</c> asks for the same.</param>
internal sealed record EvaluationRequest(string Flag, string? Environment = null, JsonElement? Context = null, bool Explain = false);

/// <summary>What an evaluation gave, and why.</summary>
/// <param name="Reason">In OpenFeature's words.</param>
/// <param name="Why">The finer why.</param>
/// <param name="Version">The flag's stream version.</param>
/// <param name="Sequence">The configuration sequence.</param>
/// <param name="Trace">Every step in order, when asked for.</param>
internal sealed record EvaluationView(
    string Flag,
    string Environment,
    JsonElement? Value,
    string? Variant,
    string Reason,
    string? ErrorCode,
    string? ErrorDetails,
    WhyView Why,
    long Version,
    long Sequence,
    IReadOnlyList<TraceStep>? Trace);

/// <summary>The finer why.</summary>
internal sealed record WhyView(WhyKind Kind, int? RuleIndex, string? RuleId, double? Bucket, string? Subject, FallThrough? PassedOver, string? PassedOverRule)
{
    public static WhyView Of(Why why) => new(
        why.Kind, why.RuleIndex < 0 ? null : why.RuleIndex, why.RuleId, why.Bucket, why.Subject,
        why.FallThrough == FallThrough.None ? null : why.FallThrough, why.SkippedRuleId);
}

internal static class EvaluateEndpoint
{
    public static void MapEvaluate(this IEndpointRouteBuilder endpoints) => endpoints.MapPost("/api/v1/evaluate", Evaluate)
        .WithTags("Flags").RequireAuthorization(AccessPolicy.Operator)
        .WithSummary("Evaluates a flag for a context; explain tells every step, ?at= a sequence or time evaluates as it was, with everything the flag depends on").Produces<EvaluationView>();

    private static async Task<IResult> Evaluate(
        Body<EvaluationRequest> body, LiveRulesets live, TimeProvider time, IQuerySession session, CancellationToken cancellationToken, bool explain = false, string? at = null)
    {
        var request = body.Value;
        var environment = request.Environment ?? "production";
        if (live.Find(environment) is not { } found)
            return Problems.NotFound("environment", environment);
        var snapshot = at is null
            ? found.State.Snapshot
            : await new AsOf(session, Moment.Parse(at)).SnapshotAsync(request.Flag, environment, cancellationToken);
        if (snapshot.Definition(request.Flag) is null)
            return Problems.NotFound("flag", request.Flag);
        var explanation = snapshot.Explain(request.Flag, Context(request.Context, time.GetUtcNow()));
        return Results.Json(View(request.Flag, environment, explanation, explain || request.Explain), Json.Options);
    }

    private static EvaluationContext Context(JsonElement? context, DateTimeOffset now)
    {
        if (context is { } written && JsonMarshal.GetRawUtf8Value(written).Length is > Limits.ContextBytes and var bytes)
            throw new InvalidRequest("context", $"is {bytes} bytes long; accepted are up to {Limits.ContextBytes}");
        try
        {
            return context is { } json ? EvaluationContext.FromJson(json, time: now) : EvaluationContext.Empty;
        }
        catch (FormatException e)
        {
            throw new InvalidRequest("context", e.Message);
        }
    }

    private static EvaluationView View(string flag, string environment, Explanation explanation, bool explain)
    {
        var result = explanation.Result;
        return new EvaluationView(
            flag,
            environment,
            result.HasValue ? result.Value : null,
            result.VariantKey,
            JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString()),
            result.ErrorCode == EvaluationError.None ? null : JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.ErrorCode.ToString()),
            result.ErrorDetails,
            WhyView.Of(result.Why),
            result.FlagVersion,
            result.Sequence,
            explain ? explanation.Steps : null);
    }
}
