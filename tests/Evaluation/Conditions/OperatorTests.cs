namespace Delivery.Evaluation.Tests.Conditions;

public sealed class OperatorTests
{
    [Theory]
    [InlineData("""{"attribute":"a","operator":"exists"}""", """{"a":0}""", true)]
    [InlineData("""{"attribute":"a","operator":"exists"}""", """{"a":null}""", false)]
    [InlineData("""{"attribute":"a","operator":"equals","values":["X"]}""", """{"a":"x"}""", false)]
    [InlineData("""{"attribute":"a","operator":"equals","values":["X"],"ignoreCase":true}""", """{"a":"x"}""", true)]
    [InlineData("""{"attribute":"a","operator":"equals","values":[1]}""", """{"a":"1"}""", false)]
    [InlineData("""{"attribute":"a","operator":"equals","values":[9007199254740993]}""", """{"a":9007199254740992}""", true)]
    [InlineData("""{"attribute":"a","operator":"equals","values":[9007199254740993]}""", """{"a":9007199254740995}""", false)]
    [InlineData("""{"attribute":"a","operator":"in","values":["b",true,3]}""", """{"a":true}""", true)]
    [InlineData("""{"attribute":"a","operator":"in","values":["1","2","3","4","5","6","7","8","Z"],"ignoreCase":true}""", """{"a":"z"}""", true)]
    [InlineData("""{"attribute":"a.b","operator":"startsWith","values":["x","y"]}""", """{"a":{"b":"yes"}}""", true)]
    [InlineData("""{"attribute":"a.b","operator":"endsWith","values":["es"]}""", """{"a.b":"yes"}""", true)]
    [InlineData("""{"attribute":"a","operator":"contains","values":["E"],"ignoreCase":true}""", """{"a":"yes"}""", true)]
    [InlineData("""{"attribute":"a","operator":"matches","values":["^y.s$"]}""", """{"a":"yes"}""", true)]
    [InlineData("""{"attribute":"a","operator":"lessThan","values":[5]}""", """{"a":5}""", false)]
    [InlineData("""{"attribute":"a","operator":"lessThanOrEqual","values":[5]}""", """{"a":5}""", true)]
    [InlineData("""{"attribute":"a","operator":"greaterThan","values":[5]}""", """{"a":"6"}""", false)]
    [InlineData("""{"attribute":"a","operator":"before","values":["2024-01-01T00:00:00Z"]}""", """{"a":"2024-01-01T01:00:00+02:00"}""", true)]
    [InlineData("""{"attribute":"a","operator":"after","values":["2024-01-01"]}""", """{"a":1704067200001}""", true)]
    [InlineData("""{"attribute":"a","operator":"semVerGreaterThan","values":["1.0.0-rc.1"]}""", """{"a":"1.0.0"}""", true)]
    [InlineData("""{"attribute":"a","operator":"semVerLessThan","values":["1.0.0-alpha.beta"]}""", """{"a":"v1.0.0-alpha.1"}""", true)]
    [InlineData("""{"attribute":"a","operator":"semVerLessThan","values":["1.10.0"]}""", """{"a":"1.9.0"}""", true)]
    [InlineData("""{"attribute":"a","operator":"semVerEqual","values":["1.2"]}""", """{"a":"1.2.0+build"}""", true)]
    [InlineData("""{"attribute":"a","operator":"semVerEqual","values":["1.2.0"]}""", """{"a":"1.2.x"}""", false)]
    [InlineData("""{"attribute":"a","operator":"ipInNetwork","values":["10.0.0.0/8"]}""", """{"a":"10.255.1.2"}""", true)]
    [InlineData("""{"attribute":"a","operator":"ipInNetwork","values":["10.0.0.0/8"]}""", """{"a":"::ffff:10.1.2.3"}""", true)]
    [InlineData("""{"attribute":"a","operator":"ipInNetwork","values":["2001:db8::/32"]}""", """{"a":"2001:db8:1::5"}""", true)]
    [InlineData("""{"attribute":"a","operator":"ipInNetwork","values":["2001:db8::/32"]}""", """{"a":"2001:db9::"}""", false)]
    [InlineData("""{"attribute":"a","operator":"ipInNetwork","values":["0.0.0.0/0"]}""", """{"a":"1.2.3"}""", false)]
    [InlineData("""{"attribute":"a","operator":"arrayContainsAny","values":["x","y"]}""", """{"a":["y"]}""", true)]
    [InlineData("""{"attribute":"a","operator":"arrayContainsAll","values":["x","y"]}""", """{"a":["y"]}""", false)]
    [InlineData("""{"attribute":"a","operator":"arrayContainsAll","values":["x","y"]}""", """{"a":["y","z","x"]}""", true)]
    [InlineData("""{"attribute":"a","operator":"arraySize","values":[2]}""", """{"a":[1,2]}""", true)]
    [InlineData("""{"attribute":"a","operator":"arraySizeAtLeast","values":[3]}""", """{"a":[1,2]}""", false)]
    [InlineData("""{"attribute":"a","operator":"elementMatches","element":{"attribute":"age","operator":"greaterThan","values":[17]}}""", """{"a":[{"age":3},{"age":20}]}""", true)]
    [InlineData("""{"attribute":"a","operator":"elementMatches","element":{"attribute":"","operator":"startsWith","values":["x"]}}""", """{"a":["y","xy"]}""", true)]
    [InlineData("""{"any":[]}""", """{}""", false)]
    [InlineData("""{"all":[]}""", """{}""", true)]
    [InlineData("""{"not":{"attribute":"a","operator":"in","values":["x"]}}""", """{}""", true)]
    [InlineData("""{"jsonLogic":{"and":[{"==":[{"var":"a"},"1"]},{"in":["b",{"cat":["a",{"var":"c"}]}]}]}}""", """{"a":1,"c":"b"}""", true)]
    [InlineData("""{"jsonLogic":{"sem_ver":[{"var":"a"},"^","1.2.3"]}}""", """{"a":"1.9.0"}""", true)]
    [InlineData("""{"jsonLogic":{"some":[{"var":"a"},{">":[{"var":""},2]}]}}""", """{"a":[1,3]}""", true)]
    public void a_condition_matches_or_not(string condition, string context, bool expected)
    {
        var parsed = System.Text.Json.JsonSerializer.Deserialize(condition, RulesetJson.Default.Condition);
        var flag = Build.Flag("f", Build.Rule("r", "on", parsed));
        FlagValidation.Check(flag).ShouldBeEmpty();

        var explanation = Build.Snapshot(flag).Explain("f", EvaluationContext.FromJson(Build.Parse(context)));

        explanation.Result.AsBoolean(!expected).ShouldBe(expected);
        explanation.Steps.Single(step => step.RuleIndex == 0).Condition!.Matched.ShouldBe(expected);
    }

    [Fact]
    public void an_expression_may_name_the_variant()
    {
        var expression = new Serve.JsonLogic(Build.Parse("""{"if":[{"==":[{"var":"tier"},"gold"]},"on",null]}"""));
        var snapshot = Build.Snapshot(Build.Flag("f", Build.Rule("r", expression)));

        snapshot.Evaluate("f", EvaluationContext.For("u").With("tier", "gold").Build()).VariantKey.ShouldBe("on");
        var none = snapshot.Evaluate("f", new EvaluationContext("u"));
        none.VariantKey.ShouldBe("off");
        none.Why.FallThrough.ShouldBe(FallThrough.NoVariant);
    }
}
