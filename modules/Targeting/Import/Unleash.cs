using System.Globalization;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Import;

/// <summary>
/// Translates Unleash's client features (<c>{ features, segments }</c>, or the delta form <c>{ events }</c>;
/// client-specification 6.1.0). A toggle without variants becomes a boolean flag; one with variants serves their payloads,
/// and <c>enabled</c> where none applies. Units keep their buckets: murmur3 of group and stickiness value.
/// </summary>
internal sealed class Unleash
{
    private const string On = "enabled";
    private const string Off = "disabled";
    private readonly IReadOnlyDictionary<string, JsonElement> _features;
    private readonly IReadOnlyDictionary<string, JsonElement> _segments;
    private readonly List<Remark> _translated = [];
    private readonly List<Remark> _unsupported = [];

    private Unleash(IReadOnlyDictionary<string, JsonElement> features, IReadOnlyDictionary<string, JsonElement> segments)
    {
        _features = features;
        _segments = segments;
    }

    /// <exception cref="InvalidRequest">It is not Unleash's document.</exception>
    public static Translation Translate(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object)
            throw new InvalidRequest("$", "an object with features, or with events");
        var (features, segments) = UnleashDocument.Read(document);
        var unleash = new Unleash(features, segments);
        var flags = features.Select(feature => unleash.Flag(feature.Key, feature.Value)).ToList();
        var populations = segments.Select(segment => new ImportedPopulation(new Segment
        {
            Key = SegmentKey(segment.Key),
            Condition = new Condition.All([.. unleash.Constraints(segment.Value, $"segments[{segment.Key}]")]),
        }));
        return new Translation(flags, [.. populations], unleash._translated, unleash._unsupported);
    }

    private static string SegmentKey(string id) => $"unleash-{id}";

    private ImportedFlag Flag(string key, JsonElement feature)
    {
        var strategies = Items(feature, "strategies").ToList();
        var ofFeature = Items(feature, "variants").ToList();
        var variants = new UnleashVariants(hasPayloads: ofFeature.Count > 0 || strategies.Exists(strategy => Items(strategy, "variants").Any()));
        var rules = strategies.SelectMany((strategy, i) => Rules(key, strategy, i, ofFeature, variants)).ToList();
        // No strategy at all means everyone.
        if (strategies.Count == 0)
            rules.AddRange(Outcomes("all", [], null, ofFeature, key, UnleashStrategy.DefaultStickiness, variants));
        var prerequisites = Prerequisites(key, feature);
        var configuration = new FlagConfiguration
        {
            Enabled = feature.TryGetProperty("enabled", out var enabled) && enabled.ValueKind == JsonValueKind.True && prerequisites is not null,
            Default = new Serve.Variant(Off),
            Rules = rules,
            Prerequisites = prerequisites ?? [],
        };
        var identity = new FlagIdentity
        {
            Type = variants.Type,
            Variants = variants.All,
            OffVariant = Off,
            Description = feature.TryGetProperty("description", out var description) ? description.GetString() : null,
            Tags = ["unleash"],
        };
        return new ImportedFlag(key, identity, configuration);
    }

    private IEnumerable<Rule> Rules(string key, JsonElement strategy, int index, List<JsonElement> ofFeature, UnleashVariants variants)
    {
        var path = $"features[{key}].strategies[{index}]";
        var conditions = Constraints(strategy, path).ToList();
        foreach (var segment in Items(strategy, "segments").Select(id => id.ToString()))
            conditions.Add(_segments.ContainsKey(segment) ? new Condition.InSegment(SegmentKey(segment)) : new Condition.Any([]));
        if (UnleashStrategy.Read(strategy, key) is not { } gate)
        {
            _unsupported.Add(new Remark(path, $"the strategy '{strategy.GetProperty("name")}' has no counterpart: nobody gets the feature through it"));
            return [];
        }

        if (gate.Condition is { } condition)
            conditions.Add(condition);
        var own = Items(strategy, "variants").ToList();
        var id = $"{index}-{strategy.GetProperty("name").GetString()}";
        return own.Count > 0
            ? Outcomes(id, conditions, gate.Filter, own, gate.Group, gate.Stickiness, variants)
            : Outcomes(id, conditions, gate.Filter, ofFeature, key, UnleashStrategy.DefaultStickiness, variants);
    }

    /// <summary>What those get whom a strategy lets through: an overridden variant, a variant by weight, or just "enabled".</summary>
    private static IEnumerable<Rule> Outcomes(
        string id, List<Condition> conditions, BucketFilter? gate, List<JsonElement> weighted, string salt, string inherited, UnleashVariants variants)
    {
        var total = weighted.Sum(Weight);
        if (total == 0)
        {
            yield return Rule(id, conditions, gate is null ? new Serve.Variant(On) : Gated(On, gate));
            yield break;
        }

        foreach (var variant in weighted)
        {
            foreach (var (wanted, i) in Items(variant, "overrides").Select((wanted, i) => (wanted, i)))
            {
                var served = variants.Key(variant);
                var chosen = UnleashConstraint.In(wanted.GetProperty("contextName").GetString()!, Items(wanted, "values"));
                yield return Rule($"{id}-{served}-override-{i}", [.. conditions, chosen], gate is null ? new Serve.Variant(served) : Gated(served, gate));
            }
        }

        var stickiness = weighted[0].TryGetProperty("stickiness", out var by) && by.GetString() is { Length: > 0 } name ? name : inherited;
        var byDefault = stickiness == UnleashStrategy.DefaultStickiness;
        yield return Rule(id, conditions, new Serve.Split(new Split
        {
            UnitAttribute = byDefault ? "userId" : stickiness,
            FallbackUnitAttributes = byDefault ? ["sessionId", "remoteAddress"] : [],
            RandomUnit = true,
            Salt = salt,
            Algorithm = BucketingAlgorithm.UnleashVariant,
            TotalWeight = total,
            Weights = [.. weighted.Select(variant => new VariantWeight(variants.Key(variant), Weight(variant)))],
            Filters = gate is null ? [] : [gate],
        }));
    }

    private static Serve.Split Gated(string variant, BucketFilter gate) => new(new Split
    {
        UnitAttribute = gate.UnitAttribute,
        FallbackUnitAttributes = gate.FallbackUnitAttributes,
        RandomUnit = gate.RandomUnit,
        Salt = gate.Salt,
        Algorithm = gate.Algorithm,
        TotalWeight = gate.TotalWeight,
        Weights = [new VariantWeight(variant, gate.Ranges[0].End)],
    });

    private static Rule Rule(string id, List<Condition> conditions, Serve serve) => new()
    {
        Id = id,
        Condition = conditions.Count switch { 0 => null, 1 => conditions[0], _ => new Condition.All(conditions) },
        Serve = serve,
    };

    private IEnumerable<Condition> Constraints(JsonElement owner, string path) => Items(owner, "constraints").Select((constraint, i) =>
    {
        var (condition, remark) = UnleashConstraint.Read(constraint);
        if (remark is not null)
            _translated.Add(new Remark($"{path}.constraints[{i}]", remark));
        return condition;
    });

    /// <summary>The features this one depends on; null when one of them can never hold.</summary>
    private List<Prerequisite>? Prerequisites(string key, JsonElement feature)
    {
        var prerequisites = new List<Prerequisite>();
        foreach (var dependency in Items(feature, "dependencies"))
        {
            var parent = dependency.GetProperty("feature").GetString()!;
            // Unleash does not follow chains: a parent that depends on another feature never holds.
            if (parent == key || !_features.TryGetValue(parent, out var on) || Items(on, "dependencies").Any())
            {
                _translated.Add(new Remark($"features[{key}].dependencies", $"the parent '{parent}' can never hold in Unleash: the flag is disabled"));
                return null;
            }

            var mustBeOff = dependency.TryGetProperty("enabled", out var enabled) && enabled.ValueKind == JsonValueKind.False;
            // A parent that is enabled and has no variant gives Unleash's "disabled variant".
            var named = Items(dependency, "variants").Select(variant => variant.GetString() is Off ? On : variant.GetString()!).ToList();
            var there = Flag(parent, on).Identity.Variants.Select(variant => variant.Key).ToList();
            var holds = mustBeOff ? [Off] : named.Count > 0 ? [.. named.Intersect(there)] : there.Where(variant => variant != Off).ToList();
            if (holds.Count == 0)
                return null;
            prerequisites.Add(new Prerequisite { Flag = parent, Variants = holds });
        }

        return prerequisites;
    }

    private static int Weight(JsonElement variant) => variant.TryGetProperty("weight", out var weight) ? Convert.ToInt32(weight.ToString(), CultureInfo.InvariantCulture) : 0;

    internal static IEnumerable<JsonElement> Items(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];
}
