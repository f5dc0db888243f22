using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Catalogue;

/// <summary>A metric as the caller writes it: the definition's members and why.</summary>
internal sealed record MetricDocument(
    string Name, string Description, MetricKind Kind, MeasuredEvents Measure, MeasuredEvents? Per = null, double? Quantile = null,
    long? WindowSeconds = null, decimal? Cap = null, MetricDirection Direction = MetricDirection.HigherIsBetter,
    MetricTier Tier = MetricTier.Feature, string? Owner = null, string? Comment = null)
{
    public MetricDefinition Definition => new(Name, Description, Kind, Measure, Per, Quantile, WindowSeconds, Cap, Direction, Tier, Owner);
}

internal static class CatalogueEndpoints
{
    public static async Task<IResult> List(bool? archived, Paging paging, ISender sender, CancellationToken cancellationToken) =>
        Results.Json(paging.Cut(await sender.Send(new ListMetrics(archived ?? false), cancellationToken), metric => metric.Key), Json.Options);

    public static async Task<IResult> Get(string key, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new FindMetric(key), cancellationToken) is { } metric
            ? Results.Json(metric, Json.Options).WithVersion(metric.Version)
            : Problems.NotFound("metric", key);

    public static async Task<IResult> Put(string key, Body<MetricDocument> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new DefineMetric(http.Audit(body.Value.Comment), key, body.Value.Definition), cancellationToken)).ToResult();

    public static async Task<IResult> Archive(string key, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new ArchiveMetric(http.Audit(), key), cancellationToken)).ToResult();
}
