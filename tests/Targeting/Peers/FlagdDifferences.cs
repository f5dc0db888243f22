using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Tests.Peers;

/// <summary>One question to npm <c>@openfeature/flagd-core</c> and to us, and whether the answers are the same.</summary>
internal sealed record FlagdQuestion(string? Document, string Key, string Type, JsonElement Fallback, JsonElement Context)
{
    /// <summary>The questions of one random document: each flag with a context of its own.</summary>
    public static IEnumerable<(FlagdQuestion Question, string Ours)> Ask(int seed, int flags)
    {
        var random = new RandomFlagd(seed);
        var document = random.Document(flags);
        var text = document.ToJsonString();
        var translation = Flagd.Translate(JsonElement.Parse(text));
        var snapshot = Snapshot.Compile(new Ruleset { Flags = [.. translation.Flags.Select(Importing.Definition)] });
        foreach (var (key, flag) in (JsonObject)document["flags"]!)
        {
            var fallback = JsonSerializer.SerializeToElement(flag!["variants"]![(string)flag["defaultVariant"]!]);
            var context = JsonSerializer.SerializeToElement(random.Context());
            yield return (new FlagdQuestion(text, key, TypeOf(fallback), fallback, context), Answer(snapshot.Evaluate(key, EvaluationContext.FromJson(context)), fallback));
        }
    }

    /// <summary>flagd-core's answer in the words of <see cref="Answer"/>.</summary>
    public static string Theirs(JsonElement answer)
    {
        var reason = answer.GetProperty("reason").GetString();
        var variant = reason is "ERROR" or "DISABLED" ? "" : answer.GetProperty("variant").GetString();
        return $"{reason} {variant} {Canonical(answer.GetProperty("value"))}";
    }

    // A caller gets its own default on an error, from either; a disabled flag has no variant in flagd.
    private static string Answer(EvaluationResult result, JsonElement fallback)
    {
        var variant = result.Reason is EvaluationReason.Error or EvaluationReason.Disabled ? "" : result.VariantKey;
        var reason = JsonSerializer.SerializeToElement(result.Reason).GetString();
        return $"{reason} {variant} {Canonical(result.HasValue ? result.Value : fallback)}";
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "object",
    };

    private static string Canonical(JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture)
        : value.GetRawText();
}
