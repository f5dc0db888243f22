using System.Text.Json;

namespace Delivery.Evaluation.Tests.Bucketing;

/// <summary>
/// GrowthBook's own cases (specification 0.8.0) against the primitives. The whole suite runs through import in Targeting.
/// </summary>
public sealed class GrowthBookConformanceTests
{
    private static readonly JsonElement? Suite = Load();

    [Fact]
    public void hash_gives_the_reference_fractions() => Each("hash", 15, (values, name) =>
        GrowthBookRanges.Fraction(values[0].GetString()!, values[1].GetString()!, values[2].GetInt32())
            .ShouldBe(values[3].ValueKind == JsonValueKind.Null ? null : values[3].GetDouble(), name));

    [Fact]
    public void bucket_ranges_are_the_reference_ranges() => Each("getBucketRange", 13, (values, name) =>
    {
        var arguments = values[1];
        var weights = arguments[2].ValueKind == JsonValueKind.Null ? null : arguments[2].EnumerateArray().Select(weight => weight.GetDouble()).ToArray();

        var ranges = GrowthBookRanges.Of(arguments[0].GetInt32(), arguments[1].GetDouble(), weights);

        ranges.Select(range => (Math.Round(range.Start, 8), Math.Round(range.End, 8)))
            .ShouldBe(values[2].EnumerateArray().Select(range => (Math.Round(range[0].GetDouble(), 8), Math.Round(range[1].GetDouble(), 8))), name);
    });

    [Fact]
    public void equal_weights_are_the_reference_weights() => Each("getEqualWeights", 6, (values, name) =>
        GrowthBookRanges.EqualWeights(values[0].GetInt32()).Select(weight => Math.Round(weight, 8))
            .ShouldBe(values[1].EnumerateArray().Select(weight => Math.Round(weight.GetDouble(), 8)), name));

    [Fact]
    public void the_variation_chosen_is_the_reference_choice_in_fractions_and_in_integer_buckets() => Each("chooseVariation", 13, (values, name) =>
    {
        var fraction = values[1].GetDouble();
        var ranges = values[2].EnumerateArray().Select(range => (range[0].GetDouble(), range[1].GetDouble())).ToArray();
        var expected = values[3].GetInt32();

        GrowthBookRanges.Choose(fraction, ranges).ShouldBe(expected, name);

        var bucket = (int)Math.Round(fraction * 10_000);
        Array.FindIndex(ranges, range =>
        {
            var buckets = GrowthBookRanges.Buckets(range.Item1, range.Item2, 10_000);
            return bucket >= buckets.Start && bucket < buckets.End;
        }).ShouldBe(expected, name);
    });

    [Fact]
    public void a_namespace_is_a_filter_with_the_same_units() => Each("inNamespace", 16, (values, name) =>
    {
        var space = values[2];
        var buckets = GrowthBookRanges.Buckets(space[1].GetDouble(), space[2].GetDouble(), 1_000);
        var split = new Split
        {
            Weights = [new VariantWeight("on", 1)],
            Filters =
            [
                new BucketFilter
                {
                    Salt = $"__{space[0].GetString()}",
                    Algorithm = BucketingAlgorithm.GrowthBookV1,
                    TotalWeight = 1_000,
                    Ranges = [buckets],
                },
            ],
        };
        var snapshot = Snapshot.Compile(new Ruleset { Flags = [Build.Flag("f", Build.Rule("r", new Serve.Split(split)))] });

        var result = snapshot.Evaluate("f", new EvaluationContext(values[1].GetString()));

        result.AsBoolean(false).ShouldBe(values[3].GetBoolean(), name);
    });

    [Fact]
    public void conditions_match_as_in_the_reference() => Each("evalCondition", 248, (values, name) =>
    {
        var condition = new Condition.GrowthBook(InlineGroups(values));
        var snapshot = Build.Snapshot(Build.Flag("f", Build.Rule("r", "on", condition)));

        var result = snapshot.Evaluate("f", EvaluationContext.FromJson(values[2]));

        result.AsBoolean(false).ShouldBe(values[3].GetBoolean(), name);
    });

    // The suite's groups hold numbers, which the import inlines; groups of texts become segments.
    private static JsonElement InlineGroups(JsonElement values)
    {
        if (values.GetArrayLength() < 5)
            return values[1];
        var query = values[1].GetRawText();
        foreach (var group in values[4].EnumerateObject())
        {
            query = query
                .Replace($"\"$inGroup\": \"{group.Name}\"", $"\"$in\": {group.Value.GetRawText()}", StringComparison.Ordinal)
                .Replace($"\"$notInGroup\": \"{group.Name}\"", $"\"$nin\": {group.Value.GetRawText()}", StringComparison.Ordinal);
        }

        return Build.Parse(query);
    }

    private static void Each(string group, int count, Action<JsonElement, string> check)
    {
        Assert.SkipWhen(Suite is null, "shared/conformance/growthbook-cases.json is not beside this checkout");
        var cases = Suite!.Value.GetProperty(group);
        cases.GetArrayLength().ShouldBe(count);
        var failures = new List<string>();
        foreach (var values in cases.EnumerateArray())
        {
            try
            {
                check(values, values.ToString());
            }
            catch (Exception exception) when (exception is ShouldAssertException or FormatException or JsonException)
            {
                failures.Add(values.ToString());
            }
        }

        failures.ShouldBeEmpty();
    }

    private static JsonElement? Load()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "shared", "conformance", "growthbook-cases.json");
            if (File.Exists(path))
                return JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(path));
        }

        return null;
    }
}
