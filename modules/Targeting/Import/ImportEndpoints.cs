using System.Text.Json;
using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Targeting.Live;
using Delivery.Targeting.Populations;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Import;

/// <summary>What an import did, or would do.</summary>
/// <param name="Imported">Keys of the flags.</param>
/// <param name="Populations">Streams of the segments, layers and holdouts.</param>
/// <param name="Translated">What is expressed in another way but decides the same.</param>
/// <param name="Unsupported">What can't be expressed and was left out; with <c>strict=true</c> nothing is imported then.</param>
/// <param name="Changed">Whether anything was written.</param>
internal sealed record ImportReport(
    string Format,
    string Environment,
    IReadOnlyList<string> Imported,
    IReadOnlyList<string> Populations,
    IReadOnlyList<Remark> Translated,
    IReadOnlyList<Remark> Unsupported,
    bool Changed);

internal static class ImportEndpoints
{
    private const string DefaultEnvironment = "production";

    private static readonly Dictionary<string, Func<JsonElement, Translation>> Formats = new(StringComparer.Ordinal)
    {
        ["growthbook"] = GrowthBook.Translate,
        ["unleash"] = Unleash.Translate,
        ["flagd"] = Flagd.Translate,
        [DeliveryDocument.Name] = DeliveryDocument.Translate,
    };

    public static void MapImport(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/api/v1/import/{format}", Import).WithTags("Import").RequireAuthorization(AccessPolicy.Operator)
            .WithSummary("Turns a document (growthbook, unleash, flagd, delivery) into flags that keep every unit in its bucket: ?environment= strict= dryRun=").Produces<ImportReport>();
        endpoints.MapGet("/api/v1/export", Export).WithTags("Import").RequireAuthorization(AccessPolicy.Operator)
            .WithSummary("Flags of one environment, or of all where none is named, and segments as one document that import/delivery takes back without loss: ?environment=").Produces<DeliveryDocument>();
    }

    private static IResult Export(LiveRulesets live, string? environment = null) => live.Find(environment ?? DefaultEnvironment) is { } found
        ? Results.Json(DeliveryDocument.Export(live, found, withOthers: environment is null), Json.Options)
        : Problems.NotFound("environment", environment ?? DefaultEnvironment);

    private static async Task<IResult> Import(
        string format, HttpContext http, ISender sender, CancellationToken cancellationToken, string? environment = null, bool strict = false, bool dryRun = false)
    {
        if (!Formats.TryGetValue(format, out var translate))
            return Problems.Problem(StatusCodes.Status404NotFound, "format-not-found", $"There is no import of '{format}'; there is {string.Join(", ", Formats.Keys)}.");
        using var document = await Read(http, cancellationToken);
        var translation = Translate(translate, document.RootElement);
        if (strict && translation.Unsupported.Count > 0)
            return Problems.Invalid([.. translation.Unsupported.Select(remark => new FieldError(remark.Path, remark.Message))]);
        var flags = environment is null ? translation.Flags : [.. translation.Flags.Select(flag => flag.Only(environment))];
        environment ??= translation.Environment ?? DefaultEnvironment;
        var changed = false;
        if (!dryRun)
        {
            var outcome = await sender.Send(new ImportFlags(http.Audit(), environment, flags, translation.Populations, translation.IsOwn), cancellationToken);
            if (outcome is not Outcome.Done done)
                return outcome.ToResult();
            changed = done.Changed;
        }

        return Results.Json(
            new ImportReport(
                format, environment, [.. translation.Flags.Select(flag => flag.Key)], [.. translation.Populations.Select(p => Population.Stream(p.Kind, p.Key))],
                translation.Translated, translation.Unsupported, changed),
            Json.Options);
    }

    private static async Task<JsonDocument> Read(HttpContext http, CancellationToken cancellationToken)
    {
        using var json = await JsonBody.ReadAsync(http);
        try
        {
            return await JsonDocument.ParseAsync(json, cancellationToken: cancellationToken);
        }
        catch (JsonException e)
        {
            throw new InvalidRequest("$", $"valid JSON; {e.Message}");
        }
    }

    /// <summary>A foreign document may be wrong in any way: the translators read it as its format says and let the reader's own complaint through.</summary>
    private static Translation Translate(Func<JsonElement, Translation> translate, JsonElement document)
    {
        try
        {
            return translate(document);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or ArgumentException or FormatException or IndexOutOfRangeException)
        {
            throw new InvalidRequest("$", $"a document of this format; {e.Message}");
        }
    }
}
