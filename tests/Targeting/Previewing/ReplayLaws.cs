using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using CsCheck;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Targeting.Previewing;

namespace Delivery.Targeting.Tests.Previewing;

public sealed class ReplayLaws
{
    private static readonly string[] Countries = ["DE", "FR", "CH"];
    private static readonly IReadOnlyList<string> ReadThen = ["country", "plan"];

    private static readonly Gen<Rule> Rules = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, Split.FullExposure], Gen.Int[0, 10_000]).Select(
        (country, kind, exposure, weight) => new Rule
        {
            Id = "r",
            Condition = kind % 2 == 0 ? null : Country(Countries[country]),
            Serve = kind < 2 ? new Serve.Variant("on") : Serving(exposure, weight),
        });

    private static readonly Gen<FlagDefinition> Flags = Rules.Array[0, 4].Select(rules =>
        Flag([.. rules.Select((rule, at) => rule with { Id = $"r{at}" })]));

    private static readonly Gen<RecordedContext> Contexts = Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 12], Gen.Int[0, 5]).Select(
        (unit, kind) => Recorded(unit, kind < 3 ? $$"""{ "country": "{{Countries[kind]}}" }""" : kind == 3 ? "{}" : null));

    [Fact]
    public void the_unchanged_configuration_changes_nobody() =>
        Gen.Select(Flags, Contexts.Array[1, 5]).Sample(
            (flag, contexts) =>
            {
                var replay = Run(flag, flag, contexts);
                return replay.Units() is { Changing: 0 } units && units.Unchanged + units.Underivable == contexts.Length;
            },
            iter: 10_000);

    [Fact]
    public void a_unit_that_can_be_told_is_counted_where_the_two_configurations_send_it() =>
        Gen.Select(Flags, Flags, Contexts).Sample(
            (present, draft, recorded) =>
            {
                var replay = Run(present, draft, [recorded]);
                if (replay.Units().Underivable == 1)
                    return replay.Transitions().Count == 0;
                var context = Context(recorded);
                var cell = replay.Transitions().Single();
                return cell.From == Compile(present).Evaluate("f", context).VariantKey && cell.To == Compile(draft).Evaluate("f", context).VariantKey;
            },
            iter: 10_000);

    [Fact]
    public void a_ramp_from_5_to_10_percent_moves_units_from_control_to_treatment_only_and_exactly_those_between()
    {
        var units = Enumerable.Range(0, 20_000).Select(i => $"user-{i}").ToList();

        var replay = Run(Flag(Ramp(50_000)), Flag(Ramp(100_000)), [.. units.Select(unit => Recorded(unit, "{}"))]);

        // Derived without the engine: the exposure bucket is XxHash3 of "salt/exposure", 0, unit.
        var between = units.Count(unit => Bucket(unit) is >= 0.05 and < 0.10);
        between.ShouldBeInRange(900, 1_100);
        replay.Units().ShouldBe(new PreviewedUnits(20_000, between, between / 20_000d, 20_000 - between, 0));
        replay.Transitions().Where(cell => cell.From != cell.To).Select(cell => (cell.From, cell.To, cell.Units)).ShouldBe([("off", "on", (long)between)]);
        replay.Transitions().Single(cell => cell is { From: "on", To: "on" }).Units.ShouldBe(units.Count(unit => Bucket(unit) < 0.05));
        replay.Transitions()[0].Examples.Count.ShouldBe(3);
        replay.Transitions()[0].Examples.ShouldAllBe(example => Bucket(example.Unit) >= 0.05 && Bucket(example.Unit) < 0.10);
    }

    [Fact]
    public void what_comes_after_the_deciding_rule_need_not_be_known()
    {
        var present = Flag(new Rule { Id = "german", Condition = Country("DE"), Serve = new Serve.Variant("on") });
        var draft = present with { Rules = [.. present.Rules, new Rule { Id = "gold", Condition = Is("tier", "gold"), Serve = new Serve.Variant("on") }] };

        var replay = Run(present, draft, [Recorded("u1", """{ "country": "DE" }"""), Recorded("u2", """{ "country": "FR" }""")]);

        replay.Units().ShouldBe(new PreviewedUnits(2, 0, 0, 1, 1));
        replay.Underivable().Attributes.ShouldBe(new Dictionary<string, long> { ["tier"] = 1 });
    }

    [Fact]
    public void an_attribute_that_was_read_then_and_not_recorded_was_not_there()
    {
        var draft = Flag(new Rule { Id = "gold", Condition = Is("plan", "gold"), Serve = new Serve.Variant("on") });

        Run(Flag(), draft, [Recorded("u1", "{}")]).Units().ShouldBe(new PreviewedUnits(1, 0, 0, 1, 0));
        Run(Flag(), draft, [Recorded("u1", null)]).Units().Underivable.ShouldBe(1);
        Run(Flag(), draft, [Recorded("u1", """{ "plan": "gold" }""")]).Units().Changing.ShouldBe(1);
    }

    [Fact]
    public void a_draft_that_is_off_for_everyone_needs_no_attribute()
    {
        var present = Flag(new Rule { Id = "all", Serve = new Serve.Variant("on") });
        var draft = Flag(new Rule { Id = "gold", Condition = Is("tier", "gold"), Serve = new Serve.Variant("on") }) with { Enabled = false };

        var cell = Run(present, draft, [Recorded("u1", null)]).Transitions().Single();

        (cell.From, cell.To, cell.Units).ShouldBe(("on", "off", 1));
    }

    [Fact]
    public void a_unit_that_is_no_targeting_key_is_told_by_its_own_attribute_only()
    {
        var byAccount = Flag(new Rule { Id = "half", Serve = new Serve.Split(new Split(500_000) { Salt = "s", UnitAttribute = "account", Weights = [new VariantWeight("on", 1)] }) });
        var byKey = Flag(Ramp(500_000));
        RecordedContext[] recorded = [Recorded("acme", "{}") with { UnitKind = "account" }];

        Run(byAccount, byAccount with { Enabled = false }, recorded).Units().Underivable.ShouldBe(0);
        Run(byAccount, byKey, recorded).Underivable().Attributes.Keys.ShouldBe(["targetingKey"]);
    }

    [Fact]
    public void a_forgotten_unit_and_a_random_one_can_not_be_told()
    {
        var random = Flag(new Rule { Id = "r", Serve = new Serve.Split(new Split { Salt = "s", UnitAttribute = "session", RandomUnit = true, Weights = [new VariantWeight("on", 1)] }) });

        Run(Flag(), Flag(), [Recorded("u1", null) with { IsForgotten = true }]).Underivable().Reasons.Keys.ShouldBe([Replay.UnitForgotten]);
        Run(random, random, [Recorded("u1", "{}")], "session").Underivable().Reasons.Keys.ShouldBe([Replay.RandomUnit]);
        Run(random, random, [Recorded("u1", """{ "session": "s1" }""")]).Units().Unchanged.ShouldBe(1);
    }

    private static Replay Run(FlagDefinition present, FlagDefinition draft, IReadOnlyList<RecordedContext> contexts, params string[] alsoRead)
    {
        var replay = new Replay("f", Compile(present), Compile(draft), examples: 3);
        foreach (var context in contexts)
            replay.TakeAsync(context, () => ValueTask.FromResult<IReadOnlyList<string>>([.. ReadThen, .. alsoRead])).AsTask().GetAwaiter().GetResult();
        return replay;
    }

    private static Snapshot Compile(FlagDefinition flag) => Snapshot.Compile(new Ruleset { Environment = "production", Flags = [flag] });

    private static FlagDefinition Flag(params Rule[] rules) => new()
    {
        Key = "f",
        Enabled = true,
        Variants = [new Variant { Key = "on", Value = JsonElement.Parse("true") }, new Variant { Key = "off", Value = JsonElement.Parse("false") }],
        OffVariant = "off",
        Rules = rules,
    };

    private static Rule Ramp(int exposure) => new()
    {
        Id = "ramp",
        Serve = new Serve.Split(new Split(exposure) { Salt = "ramp", Weights = [new VariantWeight("on", 1)] }),
    };

    private static Serve.Split Serving(int exposure, int weight) =>
        new(new Split(exposure) { Salt = "s", TotalWeight = 10_000, Weights = [new VariantWeight("on", weight), new VariantWeight("off", 10_000 - weight)] });

    private static Condition.Attribute Country(string country) => Is("country", country);

    private static Condition.Attribute Is(string name, string value) =>
        new() { Name = name, Operator = ConditionOperator.Equals, Values = [JsonSerializer.SerializeToElement(value)] };

    private static RecordedContext Recorded(string unit, string? attributes) =>
        new(unit, null, attributes is null ? null : JsonElement.Parse(attributes), DateTimeOffset.UnixEpoch, 1, IsForgotten: false);

    private static EvaluationContext Context(RecordedContext recorded)
    {
        var context = EvaluationContext.For(recorded.Unit);
        if (recorded.Attributes is { } attributes && attributes.TryGetProperty("country", out var country))
            context.With("country", country.GetString());
        return context.Build();
    }

    private static double Bucket(string unit) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"ramp/exposure\0{unit}")) / 18446744073709551616d;
}
