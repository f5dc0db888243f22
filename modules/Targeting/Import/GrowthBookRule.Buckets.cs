using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>Its buckets: hash, ranges, filters.</summary>
internal sealed partial class GrowthBookRule
{
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
}
