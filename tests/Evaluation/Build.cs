using System.Text.Json;

namespace Delivery.Evaluation.Tests;

/// <summary>Short forms for the tests' flags.</summary>
internal static class Build
{
    internal static FlagDefinition Flag(string key, params Rule[] rules) => new()
    {
        Key = key,
        Type = FlagType.Boolean,
        Enabled = true,
        Variants = [new Variant { Key = "on", Value = Json(true) }, new Variant { Key = "off", Value = Json(false) }],
        OffVariant = "off",
        Default = new Serve.Variant("off"),
        Rules = rules,
        Version = 3,
        Sequence = 17,
    };

    internal static FlagDefinition TextFlag(string key, string[] variants, params Rule[] rules) => Flag(key, rules) with
    {
        Type = FlagType.String,
        Variants = [.. variants.Select(variant => new Variant { Key = variant, Value = Json(variant) })],
        OffVariant = variants[0],
        Default = new Serve.Variant(variants[0]),
    };

    internal static Rule Rule(string id, Serve serve, Condition? condition = null) => new() { Id = id, Serve = serve, Condition = condition };

    internal static Rule Rule(string id, string variant, Condition? condition = null) => Rule(id, new Serve.Variant(variant), condition);

    internal static Rule Split(string id, int exposurePartsPerMillion, string salt, params VariantWeight[] weights) =>
        Rule(id, new Serve.Split(new Split(exposurePartsPerMillion) { Salt = salt, Weights = weights }));

    internal static Condition.Attribute Is(string name, ConditionOperator comparison, params object[] values) =>
        new() { Name = name, Operator = comparison, Values = [.. values.Select(Json)] };

    internal static Snapshot Snapshot(params FlagDefinition[] flags) =>
        Evaluation.Snapshot.Compile(new Ruleset { Environment = "test", Sequence = 42, Flags = flags });

    internal static JsonElement Json(object? value) => JsonSerializer.SerializeToElement(value);

    internal static JsonElement Parse(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}
