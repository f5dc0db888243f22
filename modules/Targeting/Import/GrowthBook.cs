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
    private readonly GrowthBookContext _context;
    private readonly JsonElement _bandits;
    private readonly List<Remark> _translated = [];
    private readonly List<Remark> _unsupported = [];

    private GrowthBook(JsonElement document, JsonElement features, GrowthBookGroups groups)
    {
        _features = features;
        _groups = groups;
        _context = new GrowthBookContext(document);
        _bandits = document.TryGetProperty("contextualBandits", out var bandits) ? bandits : default;
    }

    /// <exception cref="InvalidRequest">It is not GrowthBook's payload.</exception>
    public static Translation Translate(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("features", out var features) || features.ValueKind != JsonValueKind.Object)
            throw new InvalidRequest("features", "an object of features by key, as GrowthBook's SDK endpoint gives it");
        var groups = new GrowthBookGroups(document);
        var growthBook = new GrowthBook(document, features, groups);
        var flags = features.EnumerateObject().Select(feature => growthBook.Flag(feature.Name, feature.Value)).ToList();
        if (document.TryGetProperty("experiments", out var experiments) && experiments.ValueKind == JsonValueKind.Array)
            flags.AddRange(experiments.EnumerateArray().Select(growthBook.Experiment).OfType<ImportedFlag>());
        if (document.TryGetProperty("encryptedFeatures", out _))
            growthBook._unsupported.Add(new Remark("encryptedFeatures", "they can't be read without their key; decrypt the payload first. They were left out"));

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
                rules.AddRange(Rules(key, new GrowthBookRule(rule, key, $"features.{key}.rules[{i}]", i, _context, _bandits), variants));
        }

        var identity = new FlagIdentity { Type = variants.Type, Variants = variants.All, OffVariant = off, Tags = ["growthbook"] };
        return new ImportedFlag(key, identity, new FlagConfiguration { Default = new Serve.Variant(off), Rules = rules });
    }

    /// <summary>An experiment that no feature holds becomes a flag of its key; one that changes a page does not.</summary>
    private ImportedFlag? Experiment(JsonElement experiment, int index)
    {
        var path = $"experiments[{index}]";
        var key = experiment.TryGetProperty("key", out var name) ? name.GetString() ?? "" : "";
        var first = experiment.TryGetProperty("variations", out var variations) && variations.ValueKind == JsonValueKind.Array ? variations.EnumerateArray().FirstOrDefault() : default;
        var changesPages = experiment.TryGetProperty("urlPatterns", out _) || experiment.TryGetProperty("manual", out _) || experiment.TryGetProperty("changeId", out _)
            || (first.ValueKind == JsonValueKind.Object && (first.TryGetProperty("domMutations", out _) || first.TryGetProperty("urlRedirect", out _)));
        if (changesPages || key.Length == 0 || _features.TryGetProperty(key, out _))
        {
            _unsupported.Add(new Remark(path, "an experiment that changes pages in a browser, or that has no key of its own, has no counterpart; it was left out"));
            return null;
        }

        var variants = new GrowthBookVariants();
        var off = variants.Key(first.ValueKind == JsonValueKind.Undefined ? GrowthBookVariants.Null : first);
        var rules = Rules(key, new GrowthBookRule(experiment, key, path, 0, _context, _bandits) { IsInline = true }, variants).ToList();
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
                if (rule.IsInline)
                    yield break;
                _translated.Add(new Remark(path, $"the prerequisite '{parent.Feature}' leads back to '{key}': the rule serves null, as GrowthBook does"));
                yield return new Rule { Id = $"{rule.Id}:cycle", Serve = new Serve.Variant(variants.Key(GrowthBookVariants.Null)) };
                yield break;
            }

            var holds = Parent(parent);
            if (parent.Gate && !rule.IsInline)
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
        if (rule.Forced is { } forced)
        {
            _translated.Add(new Remark(rule.Path, "the variation that the SDK's context forces is a rule of its own, for the context's unit"));
            if (rule.ServeForced(forced, variants) is { } served)
                yield return new Rule { Id = $"{rule.Id}:forced", Condition = AllOf(rule.Unit is { } unit ? [.. conditions, unit] : conditions), Serve = served };
            else
                conditions.Add(new Condition.Not(rule.Unit ?? new Condition.All([])));
        }

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
            Condition = AllOf(conditions),
            Serve = serve,
        };
    }

    private static Condition? AllOf(List<Condition> conditions) => conditions.Count switch { 0 => null, 1 => conditions[0], _ => new Condition.All([.. conditions]) };

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
            foreach (var parent in rules.EnumerateArray().SelectMany(GrowthBookRule.ParentsOf))
                pending.Push(parent.Feature);
        }

        return false;
    }
}
