using System.Text.Json;
using Delivery.Contracts.Commands;
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
            if (Holes(document).ToList() is { Count: > 0 } holes)
                throw new InvalidRequest(holes);
            return document is { Format: Name, Version: CurrentVersion }
                ? new Translation(document.Flags, document.Populations, [], []) { IsOwn = true, Environment = document.Environment }
                : throw new InvalidRequest("format", $"format {Name}, version {CurrentVersion}");
        }
        catch (JsonException e)
        {
            throw new InvalidRequest(e.Path ?? "$", e.Message);
        }
    }

    /// <summary>The serializer checks members for null, but not the items of lists and dictionaries.</summary>
    private static IEnumerable<FieldError> Holes(DeliveryDocument document)
    {
        var outer = Faults.Holes("flags", document.Flags).Concat(Faults.Holes("populations", document.Populations)).ToList();
        return outer.Count > 0
            ? outer
            : document.Flags.SelectMany((flag, i) => Holes(flag, $"flags[{i}]")).Concat(document.Populations.SelectMany((population, i) => Holes(population, $"populations[{i}]")));
    }

    private static IEnumerable<FieldError> Holes(ImportedFlag flag, string path)
    {
        var others = (flag.Environments ?? new Dictionary<string, FlagConfiguration>()).Select(pair => (Path: $"{path}.environments.{pair.Key}", Configuration: pair.Value)).ToList();
        return Faults.Holes($"{path}.identity.variants", flag.Identity.Variants)
            .Concat(Faults.Holes($"{path}.identity.tags", flag.Identity.Tags))
            .Concat(others.Where(other => other.Configuration is null).Select(other => new FieldError(other.Path, "an object, not null")))
            .Concat(others.Prepend((Path: $"{path}.configuration", flag.Configuration)).Where(here => here.Configuration is not null).SelectMany(here => Holes(here.Configuration, here.Path)));
    }

    private static IEnumerable<FieldError> Holes(FlagConfiguration configuration, string path) => Faults.Holes($"{path}.rules", configuration.Rules)
        .Concat(Faults.Holes($"{path}.targets", configuration.Targets))
        .Concat(Faults.Holes($"{path}.prerequisites", configuration.Prerequisites));

    private static IEnumerable<FieldError> Holes(ImportedPopulation population, string path) => Faults.Holes($"{path}.segment.included", population.Segment?.Included ?? [])
        .Concat(Faults.Holes($"{path}.segment.excluded", population.Segment?.Excluded ?? []))
        .Concat(Faults.Holes($"{path}.layer.slots", population.Layer?.Slots ?? []))
        .Concat(Faults.Holes($"{path}.holdout.flags", population.Holdout?.Flags ?? []));
}
