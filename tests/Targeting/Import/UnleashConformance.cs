using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;
using Delivery.Targeting.Import;
using Delivery.Testing.Node;

namespace Delivery.Targeting.Tests.Import;

/// <summary>
/// Unleash's own cases (npm <c>@unleash/client-specification</c> 6.1.0) through our import and the engine that serves
/// OFREP.
/// </summary>
public sealed class UnleashConformance
{
    [Fact]
    public async Task every_case_gives_what_unleash_gives()
    {
        await NodePackages.SkipWhenMissingAsync();
        var folder = NodePackages.PathOf("@unleash/client-specification/specifications");
        var failures = new List<string>();
        var passed = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.json").Where(file => char.IsDigit(Path.GetFileName(file)[0])).Order())
        {
            using var specification = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            var root = specification.RootElement;
            var translation = Unleash.Translate(root.GetProperty("state"));
            var snapshot = Snapshot.Compile(new Ruleset
            {
                Flags = [.. translation.Flags.Select(Importing.Definition)],
                Segments = [.. translation.Populations.Select(p => p.Segment!)],
            });
            foreach (var test in Unleash.Items(root, "tests").Concat(Unleash.Items(root, "variantTests")))
            {
                if (Failure(snapshot, translation, test) is { } failure)
                    failures.Add($"{Path.GetFileName(file)}: {test.GetProperty("description")}: {failure}");
                else
                    passed++;
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{passed} passed");
        failures.ShouldBeEmpty();
        passed.ShouldBe(279);
    }

    private static string? Failure(Snapshot snapshot, Translation translation, JsonElement test)
    {
        var key = test.GetProperty("toggleName").GetString()!;
        var result = snapshot.Evaluate(key, Context(test.GetProperty("context")));
        var variant = result.VariantKey ?? "disabled";
        var expected = test.GetProperty("expectedResult");
        if (expected.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return (variant != "disabled") == expected.GetBoolean() ? null : $"expected {expected}, got {variant} ({result.Why.Kind}, {result.ErrorDetails})";
        if (expected.GetProperty("feature_enabled").GetBoolean() != (variant != "disabled"))
            return $"expected feature_enabled {expected.GetProperty("feature_enabled")}, got {variant}";
        if (!expected.GetProperty("enabled").GetBoolean())
            return variant is "disabled" or "enabled" ? null : $"expected no variant, got {variant}";
        if (expected.GetProperty("name").GetString() is { } name && variant != name && !variant.StartsWith(name + "-", StringComparison.Ordinal))
            return $"expected {name}, got {variant}";
        return expected.TryGetProperty("payload", out var payload) && result.Value.ToString() != payload.GetProperty("value").ToString()
            ? $"expected {payload}, got {result.Value}"
            : null;
    }

    /// <summary>Unleash keeps custom attributes under <c>properties</c>; OpenFeature has one level.</summary>
    private static EvaluationContext Context(JsonElement context)
    {
        var flat = (JsonObject)JsonNode.Parse(context.GetRawText())!;
        if (flat["properties"] is JsonObject properties)
        {
            flat.Remove("properties");
            foreach (var (name, value) in properties.ToList())
                flat[name] = value?.DeepClone();
        }

        return EvaluationContext.FromJson(JsonSerializer.SerializeToElement(flat), randomSeed: 4711);
    }
}
