using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Exposures.Verifying;

/// <summary><c>GET /api/v1/flags/{key}/traffic?environment=</c>.</summary>
internal static class FlagTraffic
{
    public static async Task<IResult> Handle(string key, HttpContext http, ISender sender, TrafficCheck traffic, CancellationToken cancellationToken)
    {
        if (http.Request.Query.Keys.FirstOrDefault(name => name != "environment") is { } unknown)
            throw new InvalidRequest(unknown, "environment");
        var environment = http.Environment();
        if (!await sender.Send(new KnowsEnvironment(environment), cancellationToken))
            return Problems.NotFound("environment", environment);
        return await traffic.RunAsync(key, environment, cancellationToken) is { } report
            ? Results.Json(report, Json.Options)
            : Problems.NotFound("flag", key);
    }
}
