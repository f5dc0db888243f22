using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>One rule of a GrowthBook feature: a forced value or an experiment.</summary>
internal sealed class GrowthBookRule(JsonElement rule, string feature, string path, int index, GrowthBookContext context, JsonElement bandits)
{
    private const string DefaultAttribute = "id";

    /// <summary>What only exists in a browser, or needs state that a server does not have.</summary>
    private static readonly Dictionary<string, string> BrowserOnly = new(StringComparer.Ordinal)
    {
        ["urlPatterns"] = "targeting by the page's address is the browser's; the rule applies on every page",
        ["url"] = "targeting by the page's address is the browser's; the rule applies on every page",
        ["minBucketVersion"] = "sticky buckets have no counterpart; the unit's bucket alone decides",
        ["fallbackAttribute"] = "GrowthBook uses it with sticky buckets only; the unit's bucket alone decides",
    };

    public string Path => path;

    /// <summary>True for an experiment that no feature holds: its <c>force</c> is the index of a variation.</summary>
    public bool IsInline { get; init; }

    public string Id => $"{index}-{Text("id") ?? Text("key") ?? "rule"}";

    public string? Description => Text("name");

    public JsonElement? Condition => Object("condition");

    public IEnumerable<Remark> Unsupported =>
        rule.EnumerateObject().Where(member => BrowserOnly.ContainsKey(member.Name)).Select(member => new Remark(member.Name, BrowserOnly[member.Name]))
            .Concat(IsBandit ? [new Remark("contextualBanditRef", "a contextual bandit's weights per context have no counterpart; the rule was left out")] : []);

    /// <summary>The variation that the SDK's context forces; null for none.</summary>
    public int? Forced => IsExperiment && !IsBandit && Variations is { } variations ? context.Forced(Key, variations.GetArrayLength()) : null;

    /// <summary>Who it is forced for; null for everyone.</summary>
    public Condition? Unit => context.Unit(Attribute);

    public IEnumerable<(string Feature, JsonElement Condition, bool Gate)> Parents => ParentsOf(rule);

    public static IEnumerable<(string Feature, JsonElement Condition, bool Gate)> ParentsOf(JsonElement rule) =>
        rule.ValueKind == JsonValueKind.Object && rule.TryGetProperty("parentConditions", out var parents) && parents.ValueKind == JsonValueKind.Array
            ? parents.EnumerateArray().Select(parent => (
                parent.GetProperty("id").GetString()!,
                parent.GetProperty("condition"),
                parent.TryGetProperty("gate", out var gate) && gate.ValueKind == JsonValueKind.True))
            : [];

    private string Attribute => Text("hashAttribute") is { Length: > 0 } attribute ? attribute : DefaultAttribute;

    private int HashVersion => Number("hashVersion") is { } version and not 0 ? (int)version : 1;

    private string Key => Text("key") is { Length: > 0 } given ? given : feature;

    private bool IsExperiment => IsInline || !rule.TryGetProperty("force", out _);

    // A bandit that has learnt nothing yet is an experiment like any other.
    private bool IsBandit => Text("contextualBanditRef") is { } name && bandits.ValueKind == JsonValueKind.Object && bandits.TryGetProperty(name, out var bandit)
        && bandit.ValueKind == JsonValueKind.Object && bandit.TryGetProperty("contexts", out var contexts) && contexts.ValueKind == JsonValueKind.Array && contexts.GetArrayLength() > 0;

    private JsonElement? Variations =>
        (rule.TryGetProperty("contextualVariations", out var variations) || rule.TryGetProperty("variations", out variations)) && variations.ValueKind == JsonValueKind.Array ? variations : null;

    /// <summary>What the rule serves; null when it can't serve anyone.</summary>
    public Serve? Serve(GrowthBookVariants variants)
    {
        if (!IsExperiment)
            return ForcedValue(variants.Key(rule.GetProperty("force")));
        return Variations is { } variations && !IsBandit ? Experiment(variations, variants) : null;
    }

    /// <summary>What those get for whom a variation is forced; null when the experiment passes them by.</summary>
    public Serve? ServeForced(int variation, GrowthBookVariants variants)
    {
        var keys = Variations!.Value.EnumerateArray().Select(variants.Key).ToList();
        if (keys.Count < 2 || variation < 0 || variation >= keys.Count || PassesThrough(variation))
            return null;
        if (!rule.TryGetProperty("filters", out _) || IsInline)
            return new Serve.Variant(keys[variation]);
        return Filters() is { Count: > 0 } filters
            ? Split(filters[0].UnitAttribute, "", BucketingAlgorithm.GrowthBookV2, 10_000, [new VariantRange(keys[variation], 0, 10_000)], filters)
            : null;
    }

    private Serve? ForcedValue(string variant)
    {
        var filters = Filters();
        if (filters is null)
            return null;
        var range = Pair("range");
        if (range is null && Number("coverage") is null)
            return filters.Count == 0
                ? new Serve.Variant(variant)
                : Split(filters[0].UnitAttribute, "", BucketingAlgorithm.GrowthBookV2, 10_000, [new VariantRange(variant, 0, 10_000)], filters);
        if ((range is null && Number("coverage") == 0) || Algorithm(HashVersion) is not { } algorithm)
            return null;
        var covered = range is { } r
            ? GrowthBookRanges.Buckets(r.Start, r.End, algorithm.Total)
            : GrowthBookRanges.CoveredBuckets(Number("coverage")!.Value, algorithm.Total);
        return Split(Attribute, Text("seed") is { Length: > 0 } seed ? seed : feature, algorithm.Name, algorithm.Total, [new VariantRange(variant, covered.Start, covered.End)], filters);
    }

    private Serve.Split? Experiment(JsonElement variations, GrowthBookVariants variants)
    {
        // A value is a variant of the flag even where nobody gets it now.
        var keys = variations.EnumerateArray().Select(variants.Key).ToList();
        var forced = IsInline && rule.TryGetProperty("force", out var force) && force.ValueKind == JsonValueKind.Number ? (int?)force.GetDouble() : null;
        var stopped = Text("status") == "draft" || (Text("status") == "stopped" && forced is null) || !context.IsEnabled || (context.IsQaMode && forced is null) || (rule.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.False);
        if (keys.Count < 2 || forced < 0 || forced >= keys.Count || stopped || Filters() is not { } filters || Algorithm(HashVersion) is not { } algorithm)
            return null;
        var ranges = Ranges() ?? GrowthBookRanges.Of(keys.Count, Number("coverage") ?? 1, Weights());
        List<BucketRange> passed = [];
        List<VariantRange> forVariants = [];
        foreach (var (range, i) in ranges.Take(keys.Count).Select((range, i) => (GrowthBookRanges.Buckets(range.Start, range.End, algorithm.Total), i)))
        {
            // The first range that holds a bucket decides, even when it passes the unit on to the next rule.
            if (PassesThrough(forced ?? i))
                passed.Add(range);
            else
                forVariants.AddRange(Without(range, passed).Select(free => new VariantRange(keys[forced ?? i], free.Start, free.End)));
        }

        return Split(Attribute, Text("seed") is { Length: > 0 } seed ? seed : Key, algorithm.Name, algorithm.Total, forVariants, filters);
    }

    private static Serve.Split? Split(
        string attribute, string salt, string algorithm, int total, List<VariantRange> ranges, List<BucketFilter> filters) =>
        ranges.Count == 0 ? null : new Serve.Split(new Split
        {
            UnitAttribute = attribute,
            Salt = salt,
            Algorithm = algorithm,
            TotalWeight = total,
            Ranges = ranges,
            Weights = [.. ranges.GroupBy(range => range.Variant).Select(group => new VariantWeight(group.Key, group.Sum(range => range.End - range.Start)))],
            Filters = filters,
        });

    /// <summary>The rule's filters, or its namespace as one; null when one of them lets nobody through.</summary>
    private List<BucketFilter>? Filters()
    {
        var filters = new List<BucketFilter>();
        if (rule.TryGetProperty("filters", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var filter in list.EnumerateArray())
            {
                var version = filter.TryGetProperty("hashVersion", out var v) && v.ValueKind == JsonValueKind.Number ? (int)v.GetDouble() : 2;
                if (Algorithm(version) is not { } algorithm)
                    return null;
                filters.Add(new BucketFilter
                {
                    UnitAttribute = filter.TryGetProperty("attribute", out var attribute) && attribute.GetString() is { Length: > 0 } name ? name : DefaultAttribute,
                    Salt = filter.TryGetProperty("seed", out var seed) ? seed.GetString() ?? "" : "",
                    Algorithm = algorithm.Name,
                    TotalWeight = algorithm.Total,
                    Ranges = [.. filter.GetProperty("ranges").EnumerateArray().Select(r => GrowthBookRanges.Buckets(r[0].GetDouble(), r[1].GetDouble(), algorithm.Total))],
                });
            }
        }
        else if (rule.TryGetProperty("namespace", out var space) && space.ValueKind == JsonValueKind.Array && space.GetArrayLength() == 3)
        {
            filters.Add(new BucketFilter
            {
                UnitAttribute = Attribute,
                Salt = "__" + space[0].GetString(),
                Algorithm = BucketingAlgorithm.GrowthBookV1,
                TotalWeight = 1_000,
                Ranges = [GrowthBookRanges.Buckets(space[1].GetDouble(), space[2].GetDouble(), 1_000)],
            });
        }

        return filters;
    }

    private static IEnumerable<BucketRange> Without(BucketRange range, IEnumerable<BucketRange> taken) => taken.Aggregate(
        (IEnumerable<BucketRange>)[range],
        (free, gone) => free.SelectMany(part => new[] { part with { End = Math.Min(part.End, gone.Start) }, part with { Start = Math.Max(part.Start, gone.End) } })
            .Where(part => part.Start < part.End));

    private bool PassesThrough(int variation) =>
        rule.TryGetProperty("meta", out var meta) && meta.ValueKind == JsonValueKind.Array && variation < meta.GetArrayLength()
        && meta[variation].TryGetProperty("passthrough", out var passes) && passes.ValueKind == JsonValueKind.True;

    private static (string Name, int Total)? Algorithm(int version) => version switch
    {
        1 => (BucketingAlgorithm.GrowthBookV1, 1_000),
        2 => (BucketingAlgorithm.GrowthBookV2, 10_000),
        _ => null,
    };

    private List<(double Start, double End)>? Ranges() => rule.TryGetProperty("ranges", out var ranges) && ranges.ValueKind == JsonValueKind.Array
        ? [.. ranges.EnumerateArray().Select(range => (range[0].GetDouble(), range[1].GetDouble()))]
        : null;

    private List<double>? Weights() => rule.TryGetProperty("weights", out var weights) && weights.ValueKind == JsonValueKind.Array
        ? [.. weights.EnumerateArray().Select(weight => weight.GetDouble())]
        : null;

    private (double Start, double End)? Pair(string name) =>
        rule.TryGetProperty(name, out var pair) && pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
            ? (pair[0].GetDouble(), pair[1].GetDouble())
            : null;

    private JsonElement? Object(string name) => rule.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private string? Text(string name) => rule.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private double? Number(string name) => rule.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
