using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Queries;

/// <summary>
/// <c>GET /api/v1/releases/health</c>: the raw counts per epoch and arm, so that whoever doubts a rollout's decision can
/// derive it again.
/// </summary>
internal static class ReleaseHealthEndpoint
{
    public static async Task<IResult> Get(HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        string Key(string name)
        {
            var value = http.Request.Query[name].ToString();
            if (value.Length is 0 or > 200 || value.Contains('\0', StringComparison.Ordinal))
                errors.Add(new FieldError(name, $"the {name}'s key, 1 to 200 characters"));
            return value;
        }

        var (environment, flag, variant) = (Key("environment"), Key("flag"), Key("variant"));
        var from = http.Request.Query["fromVersion"].ToString();
        var fromVersion = 0L;
        if (from.Length > 0 && !long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out fromVersion))
            errors.Add(new FieldError("fromVersion", "a flag version: a whole number, 0 or more"));
        if (errors.Count > 0)
            return Problems.Invalid(errors);
        return Results.Json(await sender.Send(new GetReleaseHealth(environment, flag, variant, fromVersion), cancellationToken), Json.Options);
    }
}
