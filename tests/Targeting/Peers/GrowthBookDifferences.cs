using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Tests.Peers;

/// <summary>One question to npm <c>@growthbook/growthbook</c> and to us.</summary>
internal sealed record GrowthBookQuestion(JsonElement Payload, string Key, JsonElement Attributes)
{
    public static IEnumerable<(GrowthBookQuestion Question, string Ours)> Ask(int seed, int features)
    {
        var random = new RandomGrowthBook(seed);
        var payload = JsonSerializer.SerializeToElement(random.Payload(features));
        var translation = GrowthBook.Translate(payload);
        var snapshot = Snapshot.Compile(new Ruleset { Flags = [.. translation.Flags.Select(Importing.Definition)], Segments = [.. translation.Populations.Select(p => p.Segment!)] });
        foreach (var feature in payload.GetProperty("features").EnumerateObject())
        {
            var attributes = JsonSerializer.SerializeToElement(random.Attributes());
            yield return (new GrowthBookQuestion(payload, feature.Name, attributes), Answer(snapshot.Evaluate(feature.Name, EvaluationContext.FromJson(attributes))));
        }
    }

    /// <summary>What decided, how, and the value.</summary>
    public static string Theirs(JsonElement answer)
    {
        var decided = answer.GetProperty("source").GetString() switch
        {
            "defaultValue" => "default",
            "prerequisite" => "gate",
            "experiment" => $"{answer.GetProperty("ruleId").GetString()} SPLIT",
            "force" => answer.GetProperty("ruleId").GetString(),
            var other => other,
        };
        return $"{decided} {(answer.TryGetProperty("value", out var value) ? value.GetRawText() : "null")}";
    }

    private static string Answer(in EvaluationResult result)
    {
        if (!result.HasValue)
            return $"error {result.ErrorDetails}";
        var decided = result.Why.RuleId switch
        {
            null => "default",
            var id when id.Contains(":gate-", StringComparison.Ordinal) => "gate",
            var id => id[(id.IndexOf('-', StringComparison.Ordinal) + 1)..],
        };
        return $"{decided}{(result.Reason == EvaluationReason.Split ? " SPLIT" : "")} {JsonNode.Parse(result.Value.GetRawText())?.ToJsonString() ?? "null"}";
    }

    /// <summary>A value forced for a part of the population is a split here, by its bucket; GrowthBook calls it forced.</summary>
    public static bool AreSame(string ours, string theirs) => ours == theirs || ours.Replace(" SPLIT", "", StringComparison.Ordinal) == theirs;
}
