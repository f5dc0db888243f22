using System.Globalization;
using Delivery.Contracts.Commands;
using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>Translates outcomes to HTTP: RFC 9457 problem details for what failed.</summary>
public static class OutcomeResults
{
    /// <summary>
    /// The answer to a command. Done gives <paramref name="done"/> (or the outcome's key and version) with the version as
    /// ETag; Invalid 400, Forbidden 403, NotFound 404, Refused 409, Stale 412.
    /// </summary>
    public static IResult ToResult(this Outcome outcome, Func<Outcome.Done, IResult>? done = null) => outcome switch
    {
        Outcome.Done d => new WithETag(d.Version, (done ?? Summary)(d)),
        Outcome.Invalid i => Problems.Invalid(i.Errors),
        Outcome.Refused r => Problems.Problem(StatusCodes.Status409Conflict, r.Code, r.Reason),
        Outcome.NotFound n => Problems.NotFound(n.Kind, n.Key),
        Outcome.Stale s => Problems.Stale(s),
        Outcome.Forbidden f => Problems.Problem(StatusCodes.Status403Forbidden, "forbidden", $"This needs a key with the role '{AccessPolicy.For(f.Required)}'."),
        _ => throw new InvalidOperationException($"unknown outcome {outcome.GetType().Name}"),
    };

    /// <summary>201 with the place of what was created.</summary>
    public static IResult ToCreated(this Outcome outcome, string location) =>
        outcome.ToResult(d => Results.Created(location, new { d.Kind, d.Key, d.Version, d.Changed }));

    /// <summary>An answer that carries a stream version as its entity tag.</summary>
    public static IResult WithVersion(this IResult result, long version) => new WithETag(version, result);

    private static IResult Summary(Outcome.Done d) => Results.Json(new { d.Kind, d.Key, d.Version, d.Changed }, Json.Options);

    private sealed class WithETag(long version, IResult inner) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
            return inner.ExecuteAsync(httpContext);
        }
    }
}
