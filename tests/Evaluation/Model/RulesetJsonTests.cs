using System.Text;
using System.Text.Json;

namespace Delivery.Evaluation.Tests.Model;

public sealed class RulesetJsonTests
{
    private const string Document = """
        {"schemaVersion":1,"environment":"production","sequence":42,"flags":[{"key":"f","type":"boolean","variants":[{"key":"on","value":true},{"key":"off","value":false}],"enabled":true,"killed":false,"offVariant":"off","default":{"variant":"off"},"rules":[{"id":"r1","condition":{"all":[{"attribute":"country","operator":"in","values":["DE","FR"],"ignoreCase":true},{"not":{"segment":"beta"}},{"any":[{"flag":"g","variants":["on"]},{"growthBook":{"a":{"$gt":1}}},{"jsonLogic":{"==":[{"var":"x"},1]}}]},{"attribute":"tags","operator":"elementMatches","element":{"attribute":"","operator":"equals","values":[1]}}]},"serve":{"split":{"exposurePartsPerMillion":50000,"unitAttribute":"accountId","fallbackUnitAttributes":[],"randomUnit":false,"salt":"s","algorithm":"xxh3","weights":[{"variant":"on","weight":1},{"variant":"off","weight":1}],"ranges":[],"filters":[]}},"managedBy":"rollout:f"},{"id":"r2","serve":{"jsonLogic":{"if":[true,"on"]}}}],"targets":[],"prerequisites":[],"clientVisible":true,"version":7,"sequence":41,"archived":false}],"segments":[],"layers":[],"holdouts":[]}
        """;

    [Fact]
    public void a_ruleset_is_written_as_it_was_read()
    {
        var bytes = Encoding.UTF8.GetBytes(Document);

        Encoding.UTF8.GetString(RulesetJson.Write(RulesetJson.Read(bytes))).ShouldBe(Document);
    }

    [Fact]
    public void defaults_hold_where_members_are_missing_or_null()
    {
        var rule = JsonSerializer.Deserialize("""{"id":"r","serve":{"split":{"weights":null}}}""", RulesetJson.Default.Rule)!;

        var split = rule.Serve.ShouldBeOfType<Serve.Split>().Assignment;
        split.ExposurePartsPerMillion.ShouldBe(Split.FullExposure);
        split.UnitAttribute.ShouldBe("targetingKey");
        split.Algorithm.ShouldBe("xxh3");
        split.Weights.ShouldBeEmpty();
        split.TotalWeight.ShouldBeNull();
    }

    [Fact]
    public void members_operators_and_kinds_of_a_newer_version_do_not_stop_reading()
    {
        const string newer = """{"id":"r","news":1,"condition":{"any":[{"attribute":"a","operator":"soundsLike","values":["x"]},{"moonPhase":"full"}]},"serve":{"ai":"x"}}""";

        var rule = JsonSerializer.Deserialize(newer, RulesetJson.Default.Rule)!;

        rule.Condition.ShouldBeOfType<Condition.Any>().Conditions.ShouldAllBe(condition => condition is Condition.Unknown);
        rule.Serve.ShouldBeOfType<Serve.Unknown>();
        JsonSerializer.Serialize(rule, RulesetJson.Default.Rule).ShouldBe(newer.Replace("\"news\":1,", "", StringComparison.Ordinal));
    }

    [Fact]
    public void the_order_of_members_does_not_matter_and_other_serializer_options_read_the_same()
    {
        var condition = JsonSerializer.Deserialize<Condition>("""{"values":["DE"],"operator":"in","attribute":"country"}""", JsonSerializerOptions.Web);

        var attribute = condition.ShouldBeOfType<Condition.Attribute>();
        attribute.Operator.ShouldBe(ConditionOperator.In);
        attribute.Values.Single().GetString().ShouldBe("DE");
    }
}
