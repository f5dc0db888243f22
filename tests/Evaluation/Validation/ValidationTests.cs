using System.Diagnostics;

namespace Delivery.Evaluation.Tests.Validation;

public sealed class ValidationTests
{
    [Fact]
    public void an_error_names_the_path_and_what_would_be_accepted()
    {
        var flag = Build.Flag(
            "f",
            Build.Rule("a", "on"),
            Build.Rule("b", "on"),
            Build.Split("c", 10_000, "s", new VariantWeight("on", 1), new VariantWeight("purple", 1)));

        FlagValidation.Check(flag).ShouldBe(
            [new ValidationError("rules[2].serve.split.weights[1].variant", "is purple, which is no variant of the flag; accepted are on, off.")]);
    }

    [Theory]
    [InlineData("""{"attribute":"a","operator":"soundsLike","values":["x"]}""", "rules[0].condition.operator")]
    [InlineData("""{"moonPhase":"full"}""", "rules[0].condition")]
    [InlineData("""{"all":[{"attribute":"a","operator":"lessThan","values":["x"]}]}""", "rules[0].condition.all[0].values")]
    [InlineData("""{"not":{"attribute":"a","operator":"matches","values":["(?=x)"]}}""", "rules[0].condition.not.values[0]")]
    [InlineData("""{"attribute":"a","operator":"matches","values":["(a{1000}){1000}"]}""", "rules[0].condition.values[0]")]
    [InlineData("""{"attribute":"a","operator":"ipInNetwork","values":["10.0.0.0/33"]}""", "rules[0].condition.values")]
    [InlineData("""{"attribute":"a","operator":"semVerEqual","values":["one"]}""", "rules[0].condition.values")]
    [InlineData("""{"attribute":"a","operator":"before","values":["soon"]}""", "rules[0].condition.values")]
    [InlineData("""{"attribute":"a","operator":"exists","values":[1]}""", "rules[0].condition.values")]
    [InlineData("""{"attribute":"a","operator":"elementMatches"}""", "rules[0].condition.element")]
    [InlineData("""{"jsonLogic":{"frobnicate":[1]}}""", "rules[0].condition.jsonLogic")]
    public void a_bad_condition_is_refused_at_its_path(string condition, string path)
    {
        var parsed = System.Text.Json.JsonSerializer.Deserialize(condition, RulesetJson.Default.Condition);

        FlagValidation.Check(Build.Flag("f", Build.Rule("r", "on", parsed))).Select(error => error.Path).ShouldBe([path]);
    }

    [Fact]
    public void a_flag_of_501_rules_is_refused()
    {
        var flag = Build.Flag("f", [.. Enumerable.Range(0, 501).Select(i => Build.Rule($"r{i}", "on"))]);

        FlagValidation.Check(flag).ShouldBe([new ValidationError("rules", "has 501 rules; accepted are up to 500.")]);
    }

    [Fact]
    public void a_tree_beyond_the_depth_limit_is_refused()
    {
        Condition condition = Build.Is("a", ConditionOperator.Exists);
        for (var i = 0; i < Limits.ConditionDepth; i++)
            condition = new Condition.Not(condition);

        FlagValidation.Check(Build.Flag("f", Build.Rule("r", "on", condition))).Single().Message.ShouldContain("deeper than 32");
    }

    [Fact]
    public void cycles_of_prerequisites_are_refused_with_the_way_round()
    {
        Prerequisite Needs(string flag) => new() { Flag = flag, Variants = ["on"] };
        var ruleset = new Ruleset
        {
            Flags = [Build.Flag("b") with { Prerequisites = [Needs("c")] }, Build.Flag("c", Build.Rule("r", "on", new Condition.FlagServes("a", ["on"])))],
        };

        var errors = RulesetValidation.Check(Build.Flag("a") with { Prerequisites = [Needs("b")] }, ruleset);

        errors[0].Path.ShouldBe("prerequisites[0].flag");
        errors[0].Message.ShouldStartWith("makes a cycle: flag a -> flag b -> flag c -> flag a");
    }

    [Fact]
    public void cycles_of_segments_and_missing_references_are_refused()
    {
        var ruleset = new Ruleset { Segments = [new Segment { Key = "b", Condition = new Condition.InSegment("a") }] };

        RulesetValidation.Check(new Segment { Key = "a", Condition = new Condition.InSegment("b") }, ruleset)
            .Single().Message.ShouldContain("segment a -> segment b -> segment a");
        RulesetValidation.Check(new Segment { Key = "a", Condition = new Condition.InSegment("z") }, ruleset)
            .Single().ShouldBe(new ValidationError("condition.segment", "names the segment z, which does not exist; accepted is an existing one."));
    }

    [Fact]
    public void overlapping_slots_of_a_layer_are_refused() =>
        PopulationValidation.Check(new Layer { Key = "l", Slots = [new LayerSlot { Flag = "a", End = 5_000 }, new LayerSlot { Flag = "b", Start = 4_999, End = 10_000 }] })
            .Single().Path.ShouldBe("slots[1]");

    [Fact]
    public void a_regular_expression_cannot_hang()
    {
        var hostile = new string('a', Limits.RegexInputLength - 1) + "!";
        foreach (var pattern in new[] { "^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "(.*a){30}b$" })
        {
            SafeRegex.TryCreate(pattern, ignoreCase: false, out var regex, out _).ShouldBeTrue();
            var started = Stopwatch.GetTimestamp();

            regex!.IsMatch(hostile).ShouldBeFalse();

            Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromMinutes(1), "a backtracking engine would need years");
        }
    }

    [Fact]
    public void a_valid_ruleset_has_no_errors() =>
        RulesetValidation.Check(new Ruleset
        {
            Flags = [Build.Flag("f", Build.Rule("r", "on", new Condition.InSegment("s")), Build.Split("s", 1, "x", new VariantWeight("on", 1)))],
            Segments = [new Segment { Key = "s", Included = ["u"] }],
            Layers = [new Layer { Key = "l", Slots = [new LayerSlot { Flag = "f", Rule = "r", End = 10 }] }],
            Holdouts = [new Holdout { Key = "h", HeldOutPartsPerMillion = 10_000, Flags = ["f"] }],
        }).ShouldBeEmpty();
}
