using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Import;

/// <summary>
/// Translates GrowthBook's SDK payload (<c>{ features, savedGroups }</c>, specification 0.8.0). Every unit keeps its
/// bucket: rules keep GrowthBook's hash, seed and ranges.
/// </summary>
internal sealed class GrowthBook
{
    private readonly JsonElement _features;
    private readonly GrowthBookGroups _groups;
    private readonly List<Remark> _translated = [];
    private readonly List<Remark> _unsupported = [];

    private GrowthBook(JsonElement features, GrowthBookGroups groups)
    {
        _features = features;
        _groups = groups;
    }

    /// <exception cref="InvalidRequest">It is not GrowthBook's payload.</exception>
    public static Translation Translate(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("features", out var features) || features.ValueKind != JsonValueKind.Object)
            throw new InvalidRequest("features", "an object of features by key, as GrowthBook's SDK endpoint gives it");
        var groups = new GrowthBookGroups(document);
        var growthBook = new GrowthBook(features, groups);
        var flags = features.EnumerateObject().Select(feature => growthBook.Flag(feature.Name, feature.Value)).ToList();
        foreach (var part in document.EnumerateObject().Where(part => part.Name is "experiments" or "contextualBandits" or "encryptedFeatures"))
            growthBook._unsupported.Add(new Remark(part.Name, "auto experiments, contextual bandits and encrypted features have no counterpart; they were left out"));

        return new Translation(flags, [.. groups.Segments.Select(segment => new ImportedPopulation(segment))], growthBook._translated, growthBook._unsupported);
    }

    private ImportedFlag Flag(string key, JsonElement feature)
    {
        var variants = new GrowthBookVariants();
        var off = variants.Key(feature.TryGetProperty("defaultValue", out var value) ? value : GrowthBookVariants.Null);
        var rules = new List<Rule>();
        if (feature.TryGetProperty("rules", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var (rule, i) in list.EnumerateArray().Select((rule, i) => (rule, i)))
                rules.AddRange(Rules(key, new GrowthBookRule(rule, key, $"features.{key}.rules[{i}]", i), variants));
        }

        var identity = new FlagIdentity { Type = variants.Type, Variants = variants.All, OffVariant = off, Tags = ["growthbook"] };
        return new ImportedFlag(key, identity, new FlagConfiguration { Default = new Serve.Variant(off), Rules = rules });
    }

    private IEnumerable<Rule> Rules(string key, GrowthBookRule rule, GrowthBookVariants variants)
    {
        var conditions = new List<Condition>();
        foreach (var (parent, i) in rule.Parents.Select((parent, i) => (parent, i)))
        {
            var path = $"{rule.Path}.parentConditions[{i}]";
            if (Reaches(parent.Feature, key))
            {
                _translated.Add(new Remark(path, $"the prerequisite '{parent.Feature}' leads back to '{key}': the rule serves null, as GrowthBook does"));
                yield return new Rule { Id = $"{rule.Id}:cycle", Serve = new Serve.Variant(variants.Key(GrowthBookVariants.Null)) };
                yield break;
            }

            var holds = Parent(parent);
            if (parent.Gate)
            {
                _translated.Add(new Remark(path, "the gate is a rule of its own that serves null where the prerequisite does not hold"));
                yield return new Rule { Id = $"{rule.Id}:gate-{i}", Condition = new Condition.Not(holds), Serve = new Serve.Variant(variants.Key(GrowthBookVariants.Null)) };
            }
            else
            {
                conditions.Add(holds);
            }
        }

        foreach (var what in rule.Unsupported)
            _unsupported.Add(new Remark($"{rule.Path}.{what.Path}", what.Message));
        if (rule.Condition is { } condition)
            conditions.Add(new Condition.GrowthBook(_groups.Written(condition)));
        if (rule.Serve(variants) is not { } serve)
        {
            _translated.Add(new Remark(rule.Path, "the rule can never serve anyone, in GrowthBook as here; it was left out"));
            yield break;
        }

        yield return new Rule
        {
            Id = rule.Id,
            Description = rule.Description,
            Condition = conditions.Count switch { 0 => null, 1 => conditions[0], _ => new Condition.All(conditions) },
            Serve = serve,
        };
    }

    /// <summary>A missing feature's value is null, always: the condition is then as good as a constant.</summary>
    private Condition Parent((string Feature, JsonElement Condition, bool Gate) parent)
    {
        if (_features.TryGetProperty(parent.Feature, out _))
            return new Condition.GrowthBook(_groups.Written(parent.Condition), parent.Feature);
        var probe = Snapshot.Compile(new Ruleset
        {
            Flags =
            [
                new FlagDefinition
                {
                    Key = "x",
                    Enabled = true,
                    OffVariant = "no",
                    Variants = [new Variant { Key = "no", Value = GrowthBookVariants.Null }, new Variant { Key = "yes", Value = GrowthBookVariants.Null }],
                    Type = FlagType.Object,
                    Rules = [new Rule { Id = "r", Condition = new Condition.GrowthBook(_groups.Written(parent.Condition)), Serve = new Serve.Variant("yes") }],
                },
            ],
        });
        var context = EvaluationContext.For(null).With("value", GrowthBookVariants.Null).Build();
        return probe.Evaluate("x", context).VariantKey == "yes" ? new Condition.All([]) : new Condition.Any([]);
    }

    /// <summary>Whether a feature's prerequisites lead to another one, or to itself.</summary>
    private bool Reaches(string from, string to)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([from]);
        while (pending.TryPop(out var at))
        {
            if (at == to)
                return true;
            if (!seen.Add(at) || !_features.TryGetProperty(at, out var feature) || !feature.TryGetProperty("rules", out var rules) || rules.ValueKind != JsonValueKind.Array)
                continue;
            foreach (var parent in rules.EnumerateArray().SelectMany(rule => new GrowthBookRule(rule, at, "", 0).Parents))
                pending.Push(parent.Feature);
        }

        return false;
    }
}
