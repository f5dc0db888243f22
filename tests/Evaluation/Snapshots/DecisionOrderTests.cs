namespace Delivery.Evaluation.Tests.Snapshots;

public sealed class DecisionOrderTests
{
    private static readonly EvaluationContext User = EvaluationContext.For("user-1").With("country", "DE").Build();

    [Fact]
    public void a_flag_without_rules_is_static()
    {
        var result = Build.Snapshot(Build.Flag("f")).Evaluate("f", User);

        result.Reason.ShouldBe(EvaluationReason.Static);
        result.VariantKey.ShouldBe("off");
        result.FlagVersion.ShouldBe(3);
        result.Sequence.ShouldBe(42);
    }

    [Fact]
    public void an_unknown_or_archived_flag_is_not_found()
    {
        var snapshot = Build.Snapshot(Build.Flag("old") with { Archived = true });

        snapshot.Evaluate("none", User).ErrorCode.ShouldBe(EvaluationError.FlagNotFound);
        snapshot.Evaluate("old", User).ErrorCode.ShouldBe(EvaluationError.FlagNotFound);
        snapshot.Find("none").Evaluate(User).AsBoolean(true).ShouldBeTrue();
    }

    [Theory]
    [InlineData(false, false, WhyKind.Disabled)]
    [InlineData(true, true, WhyKind.Killed)]
    public void a_disabled_or_killed_flag_serves_the_off_variants_value(bool enabled, bool killed, WhyKind why)
    {
        var flag = Build.Flag("f", Build.Rule("r", "on")) with { Enabled = enabled, Killed = killed };

        var result = Build.Snapshot(flag).Evaluate("f", User);

        result.Reason.ShouldBe(EvaluationReason.Disabled);
        result.Why.Kind.ShouldBe(why);
        result.Value.GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public void a_failing_prerequisite_serves_the_off_variant_and_names_the_flag()
    {
        var flag = Build.Flag("f", Build.Rule("r", "on")) with { Prerequisites = [new Prerequisite { Flag = "base", Variants = ["on"] }] };
        var without = Build.Snapshot(flag, Build.Flag("base"));

        without.Evaluate("f", User).Why.ShouldBe(new Why(WhyKind.Prerequisite, -1, null, null, "base", FallThrough.None, -1, null));
        without.With(Build.Flag("base", Build.Rule("r", "on"))).Evaluate("f", User).VariantKey.ShouldBe("on");
        Build.Snapshot(flag).Evaluate("f", User).VariantKey.ShouldBe("off");
    }

    [Fact]
    public void targets_win_over_holdouts_and_holdouts_over_rules()
    {
        var flag = Build.Flag("f", Build.Rule("r", "on")) with { Targets = [new IndividualTarget { Variant = "on", Units = ["vip"] }] };
        var snapshot = Snapshot.Compile(new Ruleset
        {
            Flags = [flag],
            Holdouts = [new Holdout { Key = "all", HeldOutPartsPerMillion = 1_000_000, Flags = ["f"] }],
        });

        snapshot.Evaluate("f", new EvaluationContext("vip")).Why.Kind.ShouldBe(WhyKind.Target);
        var held = snapshot.Evaluate("f", User);
        held.Why.Kind.ShouldBe(WhyKind.Holdout);
        held.Why.Subject.ShouldBe("all");
        held.VariantKey.ShouldBe("off");
    }

    [Fact]
    public void an_unexposed_unit_falls_through_and_the_why_says_so()
    {
        var flag = Build.Flag("f", Build.Split("ramp", 0, "s", new VariantWeight("on", 1)), Build.Rule("country", "on", Build.Is("country", ConditionOperator.Equals, "DE")));

        var result = Build.Snapshot(flag).Evaluate("f", User);

        result.VariantKey.ShouldBe("on");
        result.Why.RuleId.ShouldBe("country");
        result.Why.FallThrough.ShouldBe(FallThrough.NotExposed);
        result.Why.SkippedRuleId.ShouldBe("ramp");
    }

    [Fact]
    public void a_missing_unit_falls_to_the_next_rule_and_the_why_says_so()
    {
        var split = new Serve.Split(new Split { UnitAttribute = "accountId", Salt = "s", Weights = [new VariantWeight("on", 1)] });

        var result = Build.Snapshot(Build.Flag("f", Build.Rule("accounts", split))).Evaluate("f", User);

        result.Reason.ShouldBe(EvaluationReason.Default);
        result.Why.FallThrough.ShouldBe(FallThrough.UnitAttributeMissing);
        result.Why.SkippedRuleId.ShouldBe("accounts");
    }

    [Fact]
    public void a_rule_of_an_unknown_kind_is_skipped_even_under_not()
    {
        var unknown = new Condition.Not(new Condition.Unknown(Build.Parse("""{"moonPhase":"full"}""")));

        var result = Build.Snapshot(Build.Flag("f", Build.Rule("new", "on", unknown))).Evaluate("f", User);

        result.VariantKey.ShouldBe("off");
        result.Why.FallThrough.ShouldBe(FallThrough.Unsupported);
    }

    [Fact]
    public void a_flag_that_cannot_be_compiled_is_an_error_and_the_others_work()
    {
        var snapshot = Build.Snapshot(Build.Flag("broken", Build.Rule("r", "purple")), Build.Flag("f"));

        snapshot.Evaluate("broken", User).ErrorDetails.ShouldBe("flag broken has a reference to variant purple, which it has not.");
        snapshot.Evaluate("f", User).ErrorCode.ShouldBe(EvaluationError.None);
    }

    [Fact]
    public void an_explanation_tells_every_step()
    {
        var flag = Build.Flag(
            "f",
            Build.Rule("country", "on", Build.Is("country", ConditionOperator.In, "FR")),
            Build.Split("ramp", 500_000, "s", new VariantWeight("on", 1)));

        var explanation = Build.Snapshot(flag).Explain("f", User);

        explanation.Steps[1].Condition.ShouldBe(new ConditionTrace("country in \"FR\"", false) { Attribute = "country", Actual = "DE" });
        explanation.Steps[2].Buckets[0].Purpose.ShouldBe("exposure");
        explanation.Steps[2].Buckets[0].Unit.ShouldBe("user-1");
        explanation.Steps.Count(step => step.Decided).ShouldBe(1);
        explanation.Result.VariantKey.ShouldBe(explanation.Steps.Single(step => step.Decided).Variant);
    }

    [Fact]
    public void the_attributes_read_include_those_of_segments_and_prerequisites()
    {
        var flag = Build.Flag("f", Build.Rule("r", "on", new Condition.InSegment("s"))) with
        {
            Prerequisites = [new Prerequisite { Flag = "base", Variants = ["on"] }],
        };
        var snapshot = Snapshot.Compile(new Ruleset
        {
            Flags = [flag, Build.Flag("base", Build.Split("x", 1, "s", new VariantWeight("on", 1)))],
            Segments = [new Segment { Key = "s", Condition = Build.Is("company.plan", ConditionOperator.Equals, "pro") }],
        });

        snapshot.AttributesReadBy("f").ShouldBe(["company.plan", "targetingKey"]);
    }

    [Fact]
    public void segments_that_name_each_other_without_end_neither_hang_nor_match()
    {
        var both = new Condition.All([new Condition.InSegment("a"), new Condition.InSegment("b")]);
        var snapshot = Snapshot.Compile(new Ruleset
        {
            Segments = [new Segment { Key = "a", Condition = new Condition.Not(both) }, new Segment { Key = "b", Condition = new Condition.Not(both) }],
            Flags = [Build.Flag("f", Build.Rule("r", "on", new Condition.InSegment("a")))],
        });

        snapshot.Evaluate("f", User).ErrorCode.ShouldBe(EvaluationError.General);
    }

    [Fact]
    public void five_thousand_flags_compile_and_one_change_reaches_only_its_flag()
    {
        var ruleset = new Ruleset
        {
            Flags = [.. Enumerable.Range(0, 5_000).Select(i => Build.Flag($"flag-{i}", [.. Enumerable.Range(0, 4).Select(rule => Build.Rule($"r{rule}", "on", Build.Is("country", ConditionOperator.Equals, $"C{rule}")))]))],
        };
        var snapshot = Snapshot.Compile(ruleset);

        var changed = snapshot.With(Build.Flag("flag-77", Build.Rule("all", "on")) with { Sequence = 99 });

        snapshot.Evaluate("flag-77", User).AsBoolean(true).ShouldBeFalse();
        changed.Evaluate("flag-77", User).AsBoolean(false).ShouldBeTrue();
        changed.Evaluate("flag-78", User).AsBoolean(true).ShouldBeFalse();
        changed.Sequence.ShouldBe(99);
        changed.Without("flag-78", 100).Evaluate("flag-78", User).ErrorCode.ShouldBe(EvaluationError.FlagNotFound);
        changed.ToRuleset().Flags.Count.ShouldBe(5_000);
    }
}
