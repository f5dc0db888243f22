using System.Text.Json;
using CsCheck;
using Delivery.Evaluation;
using Delivery.Exposures.Queries;
using Delivery.Exposures.Verifying;

namespace Delivery.Exposures.Tests.Verifying;

/// <summary>For any ruleset: what the engine gave verifies, and nothing else does.</summary>
public sealed class RederivationLaws
{
    private static readonly string[] Variants = ["red", "green", "blue"];
    private static readonly string[] Countries = ["DE", "FR", "US"];

    private static readonly Gen<Condition?> Conditions = Gen.Int[0, 5].SelectMany(kind => Gen.Int[0, 2].Select(i => Countries[i]).Select(country => kind switch
    {
        0 => (Condition?)null,
        1 => new Condition.InSegment("some"),
        2 => new Condition.Not(Country(country)),
        3 => new Condition.FlagServes("other", ["red"]),
        _ => Country(country),
    }));

    private static readonly Gen<Serve> Serves = Gen.Select(Gen.Bool, Gen.Int[0, 2].Select(i => Variants[i]), Gen.Int[1, 5_000].Array[3], Gen.Int[0, Split.FullExposure], Gen.String[Gen.Char.AlphaNumeric, 1, 6])
        .Select((split, variant, weights, exposure, salt) => split
            ? (Serve)new Serve.Split(new Split(exposure) { Salt = salt, Weights = [.. Variants.Select((v, i) => new VariantWeight(v, weights[i]))] })
            : new Serve.Variant(variant));

    private static readonly Gen<FlagDefinition> Flags = Gen.Select(Gen.Select(Conditions, Serves).Array[0, 5], Serves, Gen.Int[0, 12], Gen.Int[0, 3])
        .Select((rules, otherwise, off, targets) => Flag("main") with
        {
            Enabled = off != 0,
            Killed = off == 1,
            Default = otherwise,
            Rules = [.. rules.Select((rule, i) => new Rule { Id = $"rule-{i}", Condition = rule.Item1, Serve = rule.Item2 })],
            Targets = [.. Enumerable.Range(0, targets).Select(i => new IndividualTarget { Variant = Variants[i], Units = [$"u{i}"] })],
            Prerequisites = off == 2 ? [new Prerequisite { Flag = "other", Variants = ["red", "blue"] }] : [],
        });

    private static readonly Gen<Snapshot> Snapshots = Gen.Select(Flags, Serves, Conditions, Gen.Int[0, 200_000])
        .Select((flag, other, condition, held) => Snapshot.Compile(new Ruleset
        {
            Environment = "production",
            Sequence = 42,
            Flags = [flag, Flag("other") with { Default = other }],
            Segments = [new Segment { Key = "some", Condition = condition is Condition.Attribute ? condition : Country("US"), Included = ["u3"] }],
            Holdouts = [new Holdout { Key = "held", HeldOutPartsPerMillion = held, Flags = ["main"] }],
        }));

    private static readonly Gen<(string Unit, string? Country)> Units =
        Gen.Select(Gen.OneOf(Gen.Int[0, 5].Select(n => $"u{n}"), Gen.String[Gen.Char.AlphaNumeric, 1, 12]), Gen.Int[0, 3].Select(i => i == 3 ? null : Countries[i]));

    [Fact]
    public void what_the_engine_gave_verifies() => Gen.Select(Snapshots, Units).Sample((snapshot, who) =>
        Rederivation.Compare(snapshot, Expose(snapshot, who)) is Derivation.Matches, iter: 2_000);

    [Fact]
    public void another_variant_never_verifies() => Gen.Select(Snapshots, Units, Gen.Int[0, 2].Select(i => Variants[i])).Sample((snapshot, who, variant) =>
    {
        var exposure = Expose(snapshot, who);
        return exposure.Variant == variant || Rederivation.Compare(snapshot, exposure with { Variant = variant }) is Derivation.Differs differs
            && differs.Expected.Variant == exposure.Variant;
    }, iter: 2_000);

    [Fact]
    public void another_rule_or_reason_never_verifies() => Gen.Select(Snapshots, Units).Sample((snapshot, who) =>
    {
        var exposure = Expose(snapshot, who);
        return Rederivation.Compare(snapshot, exposure with { RuleId = "made-up" }) is Derivation.Differs
            && Rederivation.Compare(snapshot, exposure with { Reason = "CACHED" }) is Derivation.Differs;
    }, iter: 500);

    [Fact]
    public void a_unit_from_an_attribute_is_found_again_and_its_targeting_key_is_missed_where_it_counts()
    {
        var byCompany = new Rule { Id = "by-company", Serve = new Serve.Split(new Split(500_000) { UnitAttribute = "company", Salt = "s", Weights = [new("red", 1), new("blue", 1)] }) };
        var plain = Snapshot.Compile(new Ruleset { Flags = [Flag("main") with { Rules = [byCompany] }] });
        var also = Snapshot.Compile(new Ruleset { Flags = [Flag("main") with { Rules = [byCompany], Default = Weighted() }] });
        for (var n = 0; n < 200; n++)
        {
            var context = EvaluationContext.For($"person-{n}").With("company", $"c{n}").Build();
            Rederivation.Compare(plain, Record(plain, context, $"c{n}", "company", Json(new { company = $"c{n}" }))).ShouldBeOfType<Derivation.Matches>();
            Rederivation.Compare(also, Record(also, context, $"c{n}", "company", Json(new { company = $"c{n}" })) with { Variant = "none" })
                .ShouldBe(new Derivation.Underivable(Rederivation.TargetingKeyNotRecorded));
        }
    }

    private static Serve.Split Weighted() => new(new Split { Salt = "d", Weights = [new("red", 1), new("blue", 1)] });

    /// <summary>What the SDK records: an object of the attributes, empty where the context had none of them.</summary>
    private static ExposureView Expose(Snapshot snapshot, (string Unit, string? Country) who)
    {
        var context = EvaluationContext.For(who.Unit);
        if (who.Country is not null)
            context.With("country", who.Country);
        return Record(snapshot, context.Build(), who.Unit, null, who.Country is null ? Json(new { }) : Json(new { country = who.Country }));
    }

    private static ExposureView Record(Snapshot snapshot, EvaluationContext context, string unit, string? unitKind, JsonElement attributes)
    {
        var result = snapshot.Evaluate("main", context);
        return new ExposureView(
            1, Exposures.Id(1), "production", "main", result.VariantKey!, unit, unitKind,
            JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString()), result.Why.RuleId, result.FlagVersion, result.Sequence, attributes,
            DateTimeOffset.UnixEpoch, Timing.OnTime, DateTimeOffset.UnixEpoch, null);
    }

    private static Condition.Attribute Country(string country) =>
        new() { Name = "country", Operator = ConditionOperator.Equals, Values = [Json(country)] };

    private static FlagDefinition Flag(string key) => new()
    {
        Key = key,
        Type = FlagType.String,
        Enabled = true,
        Variants = [.. Variants.Select(v => new Variant { Key = v, Value = Json(v) })],
        OffVariant = "red",
        Default = new Serve.Variant("red"),
        Version = 3,
        Sequence = 42,
    };

    private static JsonElement Json<T>(T value) => JsonSerializer.SerializeToElement(value);
}
