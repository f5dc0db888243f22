using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Delivery.Targeting.Populations;

namespace Delivery.Targeting.Import;

/// <summary>
/// The configuration as one document, of one environment or of all: what export gives and import takes back without loss.
/// What is not configuration is not in it: kills, rollouts and their rules, archived flags, history.
/// </summary>
/// <param name="Format">Always <c>delivery</c>.</param>
/// <param name="Version">The document's shape.</param>
/// <param name="Environment">Where the flags' own configuration came from; other environments' are in each flag.</param>
/// <param name="Sequence">As of which configuration sequence.</param>
/// <param name="Flags">The flags that are not archived, without the rules of releases: a rollout is not configuration.</param>
/// <param name="Populations">The segments, layers and holdouts.</param>
internal sealed record DeliveryDocument(
    string Format,
    int Version,
    string Environment,
    long Sequence,
    IReadOnlyList<ImportedFlag> Flags,
    IReadOnlyList<ImportedPopulation> Populations)
{
    public const string Name = "delivery";
    private const int CurrentVersion = 1;

    /// <param name="live">The present configuration.</param>
    /// <param name="environment">Where the flags' own configuration is taken from.</param>
    /// <param name="withOthers">True: each flag also has its configuration in every other environment.</param>
    public static DeliveryDocument Export(LiveRulesets live, LiveEnvironment environment, bool withOthers) => new(
        Name,
        CurrentVersion,
        environment.Key,
        environment.State.Sequence,
        [.. live.Flags.Where(flag => !flag.Archived).OrderBy(flag => flag.Key, StringComparer.Ordinal)
            .Select(flag => new ImportedFlag(flag.Key, flag.Identity, flag.In(environment.Key).Configuration, withOthers ? Others(live, flag, environment.Key) : null))],
        [.. live.Present.Select(Written)]);

    private static SortedDictionary<string, FlagConfiguration> Others(LiveRulesets live, Flag flag, string environment) => new(
        live.Environments.Where(other => other.Key != environment).ToDictionary(other => other.Key, other => flag.In(other.Key).Configuration),
        StringComparer.Ordinal);

    private static ImportedPopulation Written(Population p) => PopulationEvents.Defined(p) switch
    {
        SegmentDefined e => new ImportedPopulation(Segment: e.Segment, Description: e.Description, Owner: e.Owner),
        LayerDefined e => new ImportedPopulation(Layer: e.Layer, Description: e.Description, Owner: e.Owner),
        HoldoutDefined e => new ImportedPopulation(Holdout: e.Holdout, Description: e.Description, Owner: e.Owner),
        var unknown => throw new InvalidOperationException($"no document for {unknown.GetType().Name}"),
    };

    /// <exception cref="InvalidRequest">It is not a document that export gave.</exception>
    public static Translation Translate(JsonElement json)
    {
        try
        {
            var document = json.Deserialize<DeliveryDocument>(Json.Options) ?? throw new InvalidRequest("$", "a document that export gave");
            if (Missing(document) is { } place)
                throw new InvalidRequest(place, "an object as export gives it; null is not accepted here");
            return document is { Format: Name, Version: CurrentVersion }
                ? new Translation(document.Flags, document.Populations, [], []) { IsOwn = true, Environment = document.Environment }
                : throw new InvalidRequest("format", $"format {Name}, version {CurrentVersion}");
        }
        catch (JsonException e)
        {
            throw new InvalidRequest(e.Path ?? "$", e.Message);
        }
    }

    /// <summary>The serializer checks members for null, but not the items of lists.</summary>
    private static string? Missing(DeliveryDocument document)
    {
        if (document.Flags.ToList().FindIndex(flag => flag is null) is >= 0 and var flag)
            return $"flags[{flag}]";
        return document.Populations.ToList().FindIndex(population => population is null) is >= 0 and var population ? $"populations[{population}]" : null;
    }
}
