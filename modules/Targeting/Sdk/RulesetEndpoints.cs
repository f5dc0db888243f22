using System.Globalization;
using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Targeting.Live;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting.Sdk;

/// <summary>What server SDKs evaluate from: the ruleset as one document, and its changes as they are committed.</summary>
internal static class RulesetEndpoints
{
    public static void MapRulesets(this IEndpointRouteBuilder endpoints)
    {
        var sdk = endpoints.MapGroup("/sdk/v1").WithTags("SDK").RequireAuthorization(AccessPolicy.ServerSdk);
        sdk.MapGet("ruleset", Get)
            .WithSummary("The environment's compiled configuration; its ETag is the configuration sequence")
            .Produces<Evaluation.Ruleset>().Produces(StatusCodes.Status304NotModified);
        sdk.MapGet("stream", Stream)
            .WithSummary("Server-sent events: 'ruleset' with everything (or what is missing since ?sequence= or Last-Event-ID), then 'flag' for each change; with ?parts=true also segments, their members, layers and holdouts by themselves");
    }

    private static IResult Get(HttpContext http, LiveRulesets live)
    {
        var environment = http.Environment();
        if (live.Find(environment) is not { } found)
            return Problems.NotFound("environment", environment);
        var state = found.State;
        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{state.Sequence}\"");
        http.Response.Headers.ETag = tag;
        return !state.Reordered && http.Request.Headers.IfNoneMatch.Contains(tag)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(state.RulesetJson, "application/json");
    }

    private static async Task<IResult> Stream(HttpContext http, LiveRulesets live, IHostApplicationLifetime lifetime, bool parts = false)
    {
        var environment = http.Environment();
        if (live.Find(environment) is not { } found)
            return Problems.NotFound("environment", environment);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        await FrameStream.RunAsync(http, found, Known(http), parts, frame => frame.Bytes, end.Token);
        return Results.Empty;
    }

    private static long? Known(HttpContext http)
    {
        var asked = http.Request.Headers["Last-Event-ID"].ToString();
        if (asked.Length == 0)
            asked = http.Request.Query["sequence"].ToString();
        if (asked.Length == 0)
            return null;
        return long.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? sequence
            : throw new InvalidRequest("sequence", "a configuration sequence: a whole number");
    }
}
