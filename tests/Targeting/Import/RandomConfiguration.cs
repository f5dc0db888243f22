using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Import;

namespace Delivery.Targeting.Tests.Import;

/// <summary>Random, valid configurations that use every part of the model.</summary>
/// <param name="seed">Named when a test fails.</param>
/// <param name="prefix">Of every key, so that configurations do not meet.</param>
internal sealed class RandomConfiguration(int seed, string prefix)
{
    private readonly Random _random = new(seed);

    public DeliveryDocument Document(int flags, params string[] others) => new(
        DeliveryDocument.Name,
        1,
        "production",
        seed,
        [.. Enumerable.Range(0, flags).Select(i => Flag(i, others))],
        Populations(flags));

    private ImportedFlag Flag(int index, string[] others)
    {
        var type = Pick(FlagType.Boolean, FlagType.String, FlagType.Number, FlagType.Object);
        var identity = new FlagIdentity
        {
            Type = type,
            Variants = [Variant("a", type, 0), Variant("b", type, 1), Variant("c", type, 2)],
            OffVariant = Key(),
            Owner = Maybe("team-a"),
            Tags = Chance() ? ["x", "y"] : [],
            Description = Maybe("what it is for"),
            ExpiresOn = Chance() ? new DateOnly(2027, 1, 1 + index) : null,
            ClientVisible = Chance(),
        };
        return new ImportedFlag($"{prefix}-flag-{index}", identity, Configuration(index), others.ToDictionary(other => other, _ => Configuration(index)));
    }

    private FlagConfiguration Configuration(int index) => new()
    {
        Enabled = Chance(),
        OffVariant = Maybe("c"),
        Default = Chance() ? null : Serve(),
        Rules = [.. Enumerable.Range(0, _random.Next(4)).Select(i => new Rule { Id = $"rule-{i}", Description = Maybe("why"), Condition = Chance() ? Condition(2, index) : null, Serve = Serve() })],
        Targets = Chance() ? [new IndividualTarget { Variant = "a", Units = ["u1", "u2"] }, new IndividualTarget { Variant = "b", UnitAttribute = "account", Units = ["acme"] }] : [],
        Prerequisites = index > 0 && Chance() ? [new Prerequisite { Flag = $"{prefix}-flag-{index - 1}", Variants = ["a", "b"] }] : [],
    };

    private Serve Serve() => _random.Next(3) switch
    {
        0 => new Serve.Variant(Key()),
        1 => new Serve.JsonLogic(JsonElement.Parse("""{ "if": [ { "sem_ver": [ { "var": "version" }, ">=", "1.2.0" ] }, "a", { "fractional": [ [ "a", 30 ], [ "b", 70 ] ] } ] }""")),
        _ => new Serve.Split(Split()),
    };

    private Split Split() => new(_random.Next(Evaluation.Split.FullExposure + 1))
    {
        UnitAttribute = Pick("targetingKey", "account"),
        FallbackUnitAttributes = Chance() ? ["device"] : [],
        RandomUnit = Chance(),
        Salt = Pick("", "salt"),
        Algorithm = Pick([.. BucketingAlgorithm.All]),
        Weights = [new VariantWeight("a", 300), new VariantWeight("b", 700)],
        TotalWeight = Chance() ? 1_000 : null,
        Ranges = Chance() ? [new VariantRange("a", 0, 100), new VariantRange("c", 500, 900)] : [],
        Filters = Chance() ? [new BucketFilter { UnitAttribute = "account", FallbackUnitAttributes = ["device"], Salt = "room", Algorithm = BucketingAlgorithm.GrowthBookV2, TotalWeight = 10_000, Ranges = [new BucketRange(0, 5_000)] }] : [],
    };

    private Condition Condition(int depth, int index) => _random.Next(depth > 0 ? 10 : 5) switch
    {
        0 => new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [JsonElement.Parse("\"DE\""), JsonElement.Parse("\"FR\"")], IgnoreCase = Chance() },
        1 => new Condition.Attribute { Name = "version", Operator = ConditionOperator.SemVerGreaterThanOrEqual, Values = [JsonElement.Parse("\"1.2.3\"")] },
        2 => new Condition.InSegment($"{prefix}-segment"),
        3 => new Condition.GrowthBook(JsonElement.Parse("""{ "age": { "$gte": 18 }, "tags": { "$elemMatch": { "$eq": "x" } } }""")),
        4 => new Condition.JsonLogic(JsonElement.Parse("""{ "in": [ { "var": "plan" }, [ "pro", "team" ] ] }""")),
        5 or 6 => new Condition.All([Condition(depth - 1, index), Condition(depth - 1, index)]),
        7 => new Condition.Any([Condition(depth - 1, index), Condition(depth - 1, index)]),
        8 => new Condition.Not(Condition(depth - 1, index)),
        _ => index > 0 ? new Condition.FlagServes($"{prefix}-flag-{index - 1}", ["a"]) : new Condition.InSegment($"{prefix}-inner"),
    };

    // In the order of their streams, as export gives them.
    private IReadOnlyList<ImportedPopulation> Populations(int flags) =>
    [
        new(Holdout: new Holdout { Key = $"{prefix}-holdout", UnitAttribute = "account", Salt = Pick("", "h"), HeldOutPartsPerMillion = _random.Next(100_000), Flags = [$"{prefix}-flag-0"] }, Description: Maybe("who is held out")),
        new(
            Layer: new Layer
            {
                Key = $"{prefix}-layer",
                Salt = Pick("", "l"),
                TotalWeight = 100,
                Slots = [.. Enumerable.Range(0, flags).Select(i => new LayerSlot { Flag = $"{prefix}-flag-{i}", Start = i * 10, End = (i * 10) + 10 })],
            },
            Owner: Maybe("team-b")),
        new(Segment: new Segment { Key = $"{prefix}-inner", Included = ["u7", "u8"], Excluded = ["u9"], UnitAttribute = Pick("targetingKey", "account") }),
        new(Segment: new Segment { Key = $"{prefix}-segment", Condition = new Condition.Any([new Condition.InSegment($"{prefix}-inner"), new Condition.Attribute { Name = "beta", Operator = ConditionOperator.Exists }]) }, Description: Maybe("beta"), Owner: Maybe("team-c")),
    ];

    private static Variant Variant(string key, FlagType type, int index) => new()
    {
        Key = key,
        Value = type switch
        {
            FlagType.Boolean => JsonSerializer.SerializeToElement(index == 0),
            FlagType.String => JsonSerializer.SerializeToElement($"text {index} é"),
            FlagType.Number => JsonElement.Parse(index == 0 ? "1e21" : $"{index}.50"),
            _ => JsonElement.Parse($$"""{ "n": null, "list": [ {{index}}, { "x": "y" } ] }"""),
        },
    };

    private string Key() => Pick("a", "b", "c");

    private string? Maybe(string text) => Chance() ? text : null;

    private bool Chance() => _random.Next(2) == 0;

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
