using CsCheck;

namespace Delivery.Evaluation.Tests.Laws;

public sealed class PopulationLawsTests
{
    private const long Cases = 10_000;
    private static readonly string[] Slotted = ["a", "b", "c"];
    private static readonly string[] Grouped = ["a", "b", "free"];
    private static readonly Gen<string> Units = Gen.OneOf(Gen.Guid.Select(guid => guid.ToString()), Gen.String[Gen.Char.AlphaNumeric, 1, 20]);

    [Fact]
    public void a_unit_is_in_at_most_one_slot_of_a_layer()
    {
        Gen.Select(Units, Gen.Int[0, 10_000].Array[4], Gen.String[Gen.Char.AlphaNumeric, 1, 8]).Sample(
            (unit, cuts, salt) =>
            {
                Array.Sort(cuts);
                var layer = new Layer
                {
                    Key = "l",
                    Salt = salt,
                    Slots =
                    [
                        new LayerSlot { Flag = "a", Start = 0, End = cuts[0] },
                        new LayerSlot { Flag = "b", Rule = "r", Start = cuts[0], End = cuts[1] },
                        new LayerSlot { Flag = "c", Start = cuts[2], End = cuts[3] },
                        new LayerSlot { Flag = "a", Start = cuts[1], End = cuts[2] },
                    ],
                };
                var snapshot = Snapshot.Compile(new Ruleset
                {
                    Layers = [layer],
                    Flags = [.. Slotted.Select(key => Build.Flag(key, Build.Rule("r", "on")))],
                });
                var context = new EvaluationContext(unit);
                return Slotted.Count(key => snapshot.Evaluate(key, context).AsBoolean(false)) <= 1;
            },
            iter: Cases);
    }

    [Fact]
    public void a_held_out_unit_gets_the_off_variant_of_every_flag_of_the_holdout_and_of_no_other()
    {
        var held = 0;
        Gen.Select(Units, Gen.Int[100_000, 900_000]).Sample(
            (unit, parts) =>
            {
                var snapshot = Snapshot.Compile(new Ruleset
                {
                    Holdouts = [new Holdout { Key = "h", HeldOutPartsPerMillion = parts, Flags = ["a", "b"] }],
                    Flags = [.. Grouped.Select(key => Build.Flag(key, Build.Rule("r", "on")))],
                });
                var context = new EvaluationContext(unit);
                var a = snapshot.Evaluate("a", context);
                if (a.Why.Kind == WhyKind.Holdout)
                    Interlocked.Increment(ref held);
                return a.AsBoolean(true) == snapshot.Evaluate("b", context).AsBoolean(true)
                    && a.AsBoolean(true) == (a.Why.Kind != WhyKind.Holdout)
                    && snapshot.Evaluate("free", context).AsBoolean(false);
            },
            iter: Cases);
        held.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void a_holdout_moves_nobody_but_the_held_out_and_no_flag_but_its_own() =>
        Gen.Select(Units, Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000]).Sample(
            (unit, parts, exposure) =>
            {
                FlagDefinition[] flags =
                [
                    .. Grouped.Select(key => Build.Flag(key, Build.Split("s", exposure, key, new VariantWeight("on", 1), new VariantWeight("off", 1)))),
                ];
                var without = Snapshot.Compile(new Ruleset { Flags = flags });
                var with = without.With(new Holdout { Key = "h", HeldOutPartsPerMillion = parts, Flags = ["a", "b"] }, 2);
                var context = new EvaluationContext(unit);
                return Grouped.All(key =>
                {
                    var result = with.Evaluate(key, context);
                    return result.Why.Kind == WhyKind.Holdout
                        ? key != "free" && !result.AsBoolean(true)
                        : result.VariantKey == without.Evaluate(key, context).VariantKey && result.Why.RuleId == without.Evaluate(key, context).Why.RuleId;
                });
            },
            iter: Cases);

    [Fact]
    public void a_layer_slot_and_a_split_in_it_are_independent()
    {
        // Half of the units inside the slot get each arm, whatever their layer bucket is.
        var snapshot = Snapshot.Compile(new Ruleset
        {
            Layers = [new Layer { Key = "l", Salt = "layer", Slots = [new LayerSlot { Flag = "a", Start = 0, End = 5_000 }] }],
            Flags = [Build.Flag("a", Build.Split("s", Split.FullExposure, "split", new VariantWeight("on", 1), new VariantWeight("off", 1)))],
        });
        var inside = Enumerable.Range(0, (int)Cases).Select(i => snapshot.Evaluate("a", new EvaluationContext($"user-{i}")))
            .Where(result => result.Why.Kind == WhyKind.RuleSplit).ToList();

        // Within five standard deviations of a half: 5 * sqrt(10,000 / 4) = 250, and of the slot's units 177.
        ((double)inside.Count).ShouldBe(Cases / 2d, 250);
        ((double)inside.Count(result => result.VariantKey == "on")).ShouldBe(inside.Count / 2d, 177);
    }

    [Fact]
    public void growing_a_holdout_releases_nobody() =>
        Gen.Select(Units, Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000]).Sample(
            (unit, one, other) =>
            {
                var context = new EvaluationContext(unit);
                return !Held(Math.Min(one, other), context) || Held(Math.Max(one, other), context);
            },
            iter: Cases);

    [Fact]
    public void random_rulesets_survive_their_json_and_evaluate_alike() =>
        Gen.Select(Units, Gen.Int[0, 1_000_000], Gen.Int[1, 100].Array[2], Gen.String[0, 10]).Sample(
            (unit, exposure, weights, country) =>
            {
                var flag = Build.Flag(
                    "f",
                    Build.Rule("c", "on", Build.Is("country", ConditionOperator.In, country, "DE")),
                    Build.Split("s", exposure, "salt", new VariantWeight("on", weights[0]), new VariantWeight("off", weights[1])));
                var ruleset = new Ruleset { Flags = [flag] };
                var read = RulesetJson.Read(RulesetJson.Write(ruleset));
                var context = EvaluationContext.For(unit).With("country", unit.Length % 2 == 0 ? country : "FR").Build();
                var one = Snapshot.Compile(ruleset).Evaluate("f", context);
                var other = Snapshot.Compile(read).Evaluate("f", context);
                return one.VariantKey == other.VariantKey && one.Why == other.Why && one.Reason == other.Reason;
            },
            iter: Cases);

    private static bool Held(int parts, EvaluationContext context) =>
        new HoldoutPlan(new Holdout { Key = "h", HeldOutPartsPerMillion = parts }).Holds(context, tracer: null, out _);
}
