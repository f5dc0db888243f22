using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>One rule of a GrowthBook feature: a forced value or an experiment.</summary>
internal sealed partial class GrowthBookRule(JsonElement rule, string feature, string path, int index, GrowthBookContext context, JsonElement bandits)
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

    private JsonElement? Object(string name) => rule.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private string? Text(string name) => rule.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private double? Number(string name) => rule.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
