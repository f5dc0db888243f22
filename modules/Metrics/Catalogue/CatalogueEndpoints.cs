using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Catalogue;

/// <summary>A metric as the caller writes it: the definition's members and why.</summary>
internal sealed record MetricDocument(
    string Name, string Description, MetricKind Kind, MeasuredEvents Measure, MeasuredEvents? Per = null, double? Quantile = null,
    long? WindowSeconds = null, decimal? Cap = null, MetricDirection Direction = MetricDirection.HigherIsBetter,
    MetricTier Tier = MetricTier.Feature, string? Owner = null, CapOrigin? CapFrom = null, string? Comment = null)
{
    public MetricDefinition Definition => new(Name, Description, Kind, Measure, Per, Quantile, WindowSeconds, Cap, Direction, Tier, Owner, CapFrom);
}

internal static class CatalogueEndpoints
{
    public static async Task<IResult> List(bool? archived, Paging paging, ISender sender, CancellationToken cancellationToken) =>
        Results.Json(paging.Cut(await sender.Send(new ListMetrics(archived ?? false), cancellationToken), metric => metric.Key), Json.Options);

    public static async Task<IResult> Get(string key, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var text = http.Request.Query["version"].ToString();
        var version = 0L;
        if (text.Length > 0 && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version))
            return Problems.Invalid([new FieldError("version", "a stream version: a whole number from 1 on, or nothing for the present one")]);
        return await sender.Send(new FindMetric(key, text.Length > 0 ? version : null), cancellationToken) is { } metric
            ? Results.Json(metric, Json.Options).WithVersion(metric.Version)
            : Problems.NotFound("metric", text.Length > 0 ? $"{key}, version {text}" : key);
    }

    public static async Task<IResult> Put(string key, Body<MetricDocument> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new ResolveCap(key, body.Value.Definition), cancellationToken) switch
        {
            CapResolution.Refused(var faults) => Problems.Invalid(faults),
            CapResolution.Resolved(var definition) => (await sender.Send(new DefineMetric(http.Audit(body.Value.Comment), key, definition), cancellationToken)).ToResult(),
            var other => throw new InvalidOperationException($"no such resolution: {other}"),
        };

    public static async Task<IResult> Archive(string key, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new ArchiveMetric(http.Audit(), key), cancellationToken)).ToResult();
}
