using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Targeting;
using Delivery.Metrics.Catalogue;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Scoring;

internal sealed class GetScorecardHandler(ISender sender) : IQueryHandler<GetScorecard, Scorecard>
{
    public async ValueTask<Scorecard> Handle(GetScorecard query, CancellationToken cancellationToken)
    {
        var metrics = query.Metrics.Select(metric => new MetricToMeasure(metric.Key, metric.Definition)).ToList();
        return new Scorer(query, await sender.Send(new GetMoments(query.Environment, query.Flag, query.FromVersion, metrics), cancellationToken)).Score();
    }
}

/// <summary><c>GET /api/v1/metrics/scorecard</c>: a flag's variants compared, by the system's metrics and those that are asked for.</summary>
internal static class ScorecardEndpoint
{
    private const int MostMetrics = 50;

    /// <summary>A number that is missing is told as null beside its reason.</summary>
    private static readonly JsonSerializerOptions WithNulls = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static async Task<IResult> Get(HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var query = http.Request.Query;
        var errors = new List<FieldError>();
        string Key(string name, bool needed)
        {
            var value = query[name].ToString();
            if (value.Length > 200 || (needed && value.Length == 0) || value.Contains('\0', StringComparison.Ordinal))
                errors.Add(new FieldError(name, $"a key of 1 to 200 characters{(needed ? "" : ", or nothing")}"));
            return value;
        }

        var (environment, flag, baseline, from, test, keys) = (Key("environment", true), Key("flag", true), Key("baseline", false), query["fromVersion"].ToString(), query["test"].ToString(), query["metric"]);
        var fromVersion = 0L;
        if (from.Length > 0 && !long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out fromVersion))
            errors.Add(new FieldError("fromVersion", "a flag version: a whole number, 0 or more"));
        if (test is not ("" or "anytime" or "fixed"))
            errors.Add(new FieldError("test", "anytime or fixed"));
        if (keys.Count > MostMetrics)
            errors.Add(new FieldError("metric", $"at most {MostMetrics} metrics' keys; none for the system's"));
        if (errors.Count > 0)
            return Problems.Invalid(errors);
        if (baseline.Length == 0 && await sender.Send(new FindFlag(flag, environment), cancellationToken) is { } known)
            baseline = known.OffVariant;
        if (baseline.Length == 0)
            return Problems.Invalid([new FieldError("baseline", "the variant that others are compared with: this flag is not known, so it has no off variant")]);
        var metrics = keys.Count == 0 ? [.. SystemMetrics.All] : new List<MetricView>();
        foreach (var key in keys.Distinct())
        {
            if (await sender.Send(new FindMetric(key ?? ""), cancellationToken) is not { } metric)
                return Problems.NotFound("metric", key ?? "");
            metrics.Add(metric);
        }

        var question = new GetScorecard(environment, flag, baseline, fromVersion, metrics, test == "fixed" ? ScorecardTest.Fixed : ScorecardTest.Anytime);
        return Results.Json(await sender.Send(question, cancellationToken), WithNulls);
    }
}
