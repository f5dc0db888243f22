using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Tests.Import;

/// <summary>
/// GrowthBook's own cases (specification 0.8.0) through our import and the engine that serves OFREP: all 439 of the sections
/// named here. Out of scope are the sections of sticky buckets (13 cases: a server without a store per user has none),
/// contextual bandits that have learnt (35), the parsing of page addresses (<c>getQueryStringOverride</c>, 16, and
/// <c>urlRedirect</c>, 4) and decryption (10). The SDK context's own state (forced variations, quality assurance mode, the
/// switched-off SDK, the page's address) is imported with the payload.
/// </summary>
public sealed class GrowthBookConformance
{
    private static readonly JsonDocument? Suite = Load();

    [Theory]
    [InlineData("evalCondition", 248)]
    [InlineData("hash", 15)]
    [InlineData("getBucketRange", 13)]
    [InlineData("feature", 55)]
    [InlineData("run", 73)]
    [InlineData("chooseVariation", 13)]
    [InlineData("inNamespace", 16)]
    [InlineData("getEqualWeights", 6)]
    public void every_case_gives_what_growthbook_gives(string group, int cases)
    {
        Assert.SkipWhen(Suite is null, "The conformance suite lies beside the repository (../shared/conformance); it is absent here.");
        var failures = new List<string>();
        var passed = 0;
        foreach (var (data, index) in Suite!.RootElement.GetProperty(group).EnumerateArray().Select((data, index) => (data, index)))
        {
            if (Failure(group, data) is { } failure)
                failures.Add($"{group} {index} {data[0]}: {failure}");
            else
                passed++;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{group}: {passed} passed");
        failures.ShouldBeEmpty();
        passed.ShouldBe(cases);
    }

    private static string? Failure(string group, JsonElement data) => group switch
    {
        "evalCondition" => Condition(data),
        "hash" => Hash(data),
        "getBucketRange" => BucketRange(data),
        "feature" => Feature(data),
        "run" => Run(data),
        "chooseVariation" => ChooseVariation(data),
        "inNamespace" => InNamespace(data),
        _ => EqualWeights(data),
    };

    private static string? Condition(JsonElement data)
    {
        var feature = new JsonObject
        {
            ["defaultValue"] = false,
            ["rules"] = new JsonArray(new JsonObject { ["condition"] = Node(data[1]), ["force"] = true }),
        };
        var groups = data.GetArrayLength() > 4 ? Node(data[4]) : null;
        var result = Evaluate(new JsonObject { ["features"] = new JsonObject { ["f"] = feature }, ["savedGroups"] = groups }, "f", data[2]);
        return result.AsBoolean(false) == data[3].GetBoolean() ? null : $"expected {data[3]}";
    }

    private static string? Hash(JsonElement data)
    {
        var feature = new JsonObject
        {
            ["defaultValue"] = false,
            ["rules"] = new JsonArray(new JsonObject { ["force"] = true, ["coverage"] = 1, ["seed"] = data[0].GetString(), ["hashVersion"] = data[2].GetInt32() }),
        };
        var seed = data[0].GetString()!;
        var key = seed.Length == 0 ? "" : "f";
        var result = Evaluate(new JsonObject { ["features"] = new JsonObject { [key] = feature } }, key, Attributes(data[1].GetString()!));
        var expected = data[3].ValueKind == JsonValueKind.Null ? (double?)null : data[3].GetDouble();
        return result.Why.Bucket == expected ? null : $"expected {expected}, got {result.Why.Bucket}";
    }

    private static string? BucketRange(JsonElement data)
    {
        var count = data[1][0].GetInt32();
        var rule = new JsonObject { ["variations"] = new JsonArray([.. Enumerable.Range(0, count).Select(i => JsonValue.Create(i))]), ["coverage"] = Node(data[1][1]), ["hashVersion"] = 2 };
        if (data[1][2].ValueKind == JsonValueKind.Array)
            rule["weights"] = Node(data[1][2]);
        var expected = data[2].EnumerateArray().Select(r => GrowthBookRanges.Buckets(r[0].GetDouble(), r[1].GetDouble(), 10_000)).ToList();
        var flag = Translate(new JsonObject { ["features"] = new JsonObject { ["f"] = new JsonObject { ["defaultValue"] = 0, ["rules"] = new JsonArray(rule) } } }).Flags[0];
        var ranges = flag.Configuration.Rules[0].Serve.ShouldBeOfType<Serve.Split>().Assignment.Ranges.Select(r => new Evaluation.BucketRange(r.Start, r.End)).ToList();
        // The suite rounds its bounds to eight digits; the double itself may lie in the next bucket.
        static bool Near(int a, int b) => Math.Abs(a - b) <= 1;
        return ranges.Count == expected.Count && ranges.Zip(expected).All(pair => Near(pair.First.Start, pair.Second.Start) && Near(pair.First.End, pair.Second.End)) ? null : $"expected {string.Join(' ', expected)}, got {string.Join(' ', ranges)}";
    }

    private static string? Feature(JsonElement data)
    {
        var context = data[1];
        var expected = data[3].GetProperty("value");
        if (!context.TryGetProperty("features", out var features) || !features.TryGetProperty(data[2].GetString()!, out _))
            return expected.ValueKind == JsonValueKind.Null ? null : "an unknown feature has no value";
        var result = Evaluate((JsonObject)Node(context)!, data[2].GetString()!, context.TryGetProperty("attributes", out var attributes) ? attributes : Attributes(null));
        if (!result.HasValue || !JsonElement.DeepEquals(result.Value, expected))
            return $"expected {expected}, got {(result.HasValue ? result.Value : result.ErrorDetails)}";
        var inExperiment = data[3].GetProperty("source").GetString() == "experiment";
        return inExperiment && !InExperiment(result) ? $"expected an experiment, got {result.Reason}" : null;
    }

    private static string? Run(JsonElement data)
    {
        var payload = (JsonObject)Node(data[1])!;
        payload["features"] ??= new JsonObject();
        payload["experiments"] = new JsonArray(Node(data[2]));
        var result = Evaluate(payload, data[2].GetProperty("key").GetString()!, data[1].TryGetProperty("attributes", out var attributes) ? attributes : Attributes(null));
        var inExperiment = InExperiment(result);
        if (inExperiment != data[4].GetBoolean())
            return $"expected in experiment: {data[4]}";
        return JsonElement.DeepEquals(result.Value, data[3]) ? null : $"expected {data[3]}, got {result.Value}";
    }

    /// <summary>By its bucket, or because a variation is forced.</summary>
    private static bool InExperiment(in EvaluationResult result) =>
        result.Why.Kind == WhyKind.RuleSplit || (result.Why.RuleId?.EndsWith(":forced", StringComparison.Ordinal) ?? false);

    private static string? ChooseVariation(JsonElement data)
    {
        var fraction = data[1].GetDouble();
        var unit = Enumerable.Range(0, 1_000_000).Select(i => $"{i}").First(candidate => GrowthBookRanges.Fraction("seed", candidate, 2) == fraction);
        var rule = new JsonObject
        {
            ["variations"] = new JsonArray([.. Enumerable.Range(0, Math.Max(2, data[2].GetArrayLength())).Select(i => JsonValue.Create(i))]),
            ["ranges"] = Node(data[2]),
            ["seed"] = "seed",
            ["hashVersion"] = 2,
        };
        var result = Evaluate(new JsonObject { ["features"] = new JsonObject { ["f"] = new JsonObject { ["defaultValue"] = -1, ["rules"] = new JsonArray(rule) } } }, "f", Attributes(unit));
        return result.AsNumber(double.NaN) == data[3].GetInt32() ? null : $"expected {data[3]}, got {result.Value}";
    }

    private static string? InNamespace(JsonElement data)
    {
        var rule = new JsonObject { ["variations"] = new JsonArray(0, 1), ["namespace"] = Node(data[2]) };
        var result = Evaluate(
            new JsonObject { ["features"] = new JsonObject { ["f"] = new JsonObject { ["defaultValue"] = 0, ["rules"] = new JsonArray(rule) } } }, "f", Attributes(data[1].GetString()!));
        return (result.Why.Kind == WhyKind.RuleSplit) == data[3].GetBoolean() ? null : $"expected {data[3]}";
    }

    private static string? EqualWeights(JsonElement data)
    {
        var weights = GrowthBookRanges.EqualWeights(data[0].GetInt32());
        var expected = data[1].EnumerateArray().Select(w => w.GetDouble()).ToList();
        return weights.Count == expected.Count && weights.Zip(expected).All(pair => Math.Abs(pair.First - pair.Second) < 1e-8) ? null : $"got {string.Join(' ', weights)}";
    }

    private static EvaluationResult Evaluate(JsonObject payload, string key, JsonElement attributes)
    {
        var translation = Translate(payload);
        var snapshot = Snapshot.Compile(new Ruleset { Flags = [.. translation.Flags.Select(Importing.Definition)], Segments = [.. translation.Populations.Select(p => p.Segment!)] });
        return snapshot.Evaluate(key, EvaluationContext.FromJson(attributes.ValueKind == JsonValueKind.Object ? attributes : Attributes(null)));
    }

    private static Translation Translate(JsonObject payload) => GrowthBook.Translate(JsonSerializer.SerializeToElement(payload));

    private static JsonElement Attributes(string? id) => id is null ? JsonSerializer.SerializeToElement(new { }) : JsonSerializer.SerializeToElement(new { id });

    private static JsonNode? Node(JsonElement json) => json.ValueKind == JsonValueKind.Undefined ? null : JsonNode.Parse(json.GetRawText());

    private static JsonDocument? Load()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var file = Path.Combine(folder.FullName, "shared", "conformance", "growthbook-cases.json");
            if (File.Exists(file))
                return JsonDocument.Parse(File.ReadAllText(file));
        }

        return null;
    }
}
