using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Tests.Flags;

[Collection(typeof(Platform))]
public sealed class LimitScenarios(PlatformFixture platform)
{
    [Fact]
    public async Task a_flag_of_500_rules_is_taken_and_fast_and_one_of_501_names_the_limit()
    {
        await platform.Admin.GivenFlag("""{ "key": "many-rules", "type": "boolean" }""");

        using var beyond = await platform.Admin.PutJson("/api/v1/flags/many-rules/environments/production", Rules(501));
        using var at = await platform.Admin.PutJson("/api/v1/flags/many-rules/environments/production", Rules(500));

        beyond.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await beyond.Body()).GetProperty("errors").GetProperty("rules")[0].GetString().ShouldBe("has 501 rules; accepted are up to 500.");
        at.StatusCode.ShouldBe(HttpStatusCode.OK);
        var evaluated = await Evaluate("many-rules", """{ "targetingKey": "u1", "n": "499" }""");
        evaluated.GetProperty("why").Text("ruleId").ShouldBe("r499");

        using var ruleset = await platform.Admin.GetAsync(new Uri("/sdk/v1/ruleset?environment=production", UriKind.Relative), TestContext.Current.CancellationToken);
        var snapshot = Snapshot.Compile(RulesetJson.Read(await ruleset.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
        var context = EvaluationContext.For("u1").With("n", "499").Build();
        snapshot.Evaluate("many-rules", context).AsBoolean(false).ShouldBeTrue();
    }

    [Theory]
    [InlineData("/ofrep/v1/evaluate/flags/large-context?environment=production")]
    [InlineData("/ofrep/v1/evaluate/flags?environment=production")]
    [InlineData("/api/v1/evaluate")]
    public async Task a_context_of_one_megabyte_is_evaluated_and_a_larger_one_names_the_limit(string path)
    {
        await platform.Admin.PostJson("/api/v1/flags", """{ "key": "large-context", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");

        using var at = await platform.Admin.PostJson(path, Body(path, Limits.ContextBytes));
        using var beyond = await platform.Admin.PostJson(path, Body(path, Limits.ContextBytes + 1));

        at.StatusCode.ShouldBe(HttpStatusCode.OK);
        beyond.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var refusal = (await beyond.Body()).GetRawText();
        refusal.ShouldContain("context");
        refusal.ShouldContain(Limits.ContextBytes.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("(a)\\\\1", "linear time")]
    [InlineData("(?=x)y", "linear time")]
    [InlineData("(?<!x)y", "linear time")]
    [InlineData("(?>a+)b", "linear time")]
    [InlineData("(a{1000}){1000}", "linear time")]
    [InlineData("(unclosed", "is no regular expression")]
    public async Task a_regular_expression_that_could_hang_or_is_none_is_refused_when_written(string pattern, string why)
    {
        await platform.Admin.PostJson("/api/v1/flags", """{ "key": "regular", "type": "boolean" }""");
        var condition = $$"""{ "attribute": "a", "operator": "matches", "values": ["{{pattern}}"] }""";

        using var flag = await platform.Admin.PutJson("/api/v1/flags/regular/environments/production", $$"""{ "rules": [ { "id": "r", "condition": {{condition}}, "serve": { "variant": "on" } } ] }""");
        using var segment = await platform.Admin.PutJson("/api/v1/segments/regular", $$"""{ "condition": {{condition}} }""");
        using var growthBook = await platform.Admin.PutJson("/api/v1/segments/regular", $$"""{ "condition": { "growthBook": { "a": { "$regex": "{{pattern}}" } } } }""");

        (await Error(flag, "rules[0].condition.values[0]")).ShouldContain(why);
        (await Error(segment, "condition.values[0]")).ShouldContain(why);
        // GrowthBook's reference takes what is no expression at all as one that never matches.
        if (why == "linear time")
            (await Error(growthBook, "condition.growthBook")).ShouldContain(why);
    }

    [Fact]
    public async Task a_pattern_that_backtracks_for_ever_elsewhere_is_matched_in_a_moment()
    {
        await platform.Admin.GivenFlag("""{ "key": "catastrophic", "type": "boolean" }""");
        using var written = await platform.Admin.PutJson("/api/v1/flags/catastrophic/environments/production", """
            { "rules": [ { "id": "r", "condition": { "attribute": "a", "operator": "matches", "values": ["^(a+)+$"] }, "serve": { "variant": "on" } } ] }
            """);
        await written.Json();
        var hostile = new string('a', Limits.RegexInputLength - 1);
        await Evaluate("catastrophic", """{ "a": "aaa" }""");

        var started = Stopwatch.GetTimestamp();
        (await Evaluate("catastrophic", $$"""{ "a": "{{hostile}}!" }""")).Text("variant").ShouldBe("off");
        (await Evaluate("catastrophic", $$"""{ "a": "{{hostile}}" }""")).Text("variant").ShouldBe("on");

        // A backtracking engine would need 2^32,767 steps.
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromMinutes(1));
    }

    private static string Rules(int count) => JsonSerializer.Serialize(new
    {
        rules = Enumerable.Range(0, count).Select(i => new
        {
            id = $"r{i}",
            condition = new { attribute = "n", @operator = "equals", values = new[] { i.ToString(System.Globalization.CultureInfo.InvariantCulture) } },
            serve = new { variant = "on" },
        }),
    });

    private static string Body(string path, int contextBytes)
    {
        const string Around = """{"targetingKey":"u1","text":""}""";
        var context = Around.Insert(Around.Length - 2, new string('x', contextBytes - Around.Length));
        return path == "/api/v1/evaluate" ? $$"""{"flag":"large-context","context":{{context}}}""" : $$"""{"context":{{context}}}""";
    }

    private static async Task<string> Error(HttpResponseMessage response, string field)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        return (await response.Body()).GetProperty("errors").GetProperty(field)[0].GetString()!;
    }

    private async Task<JsonElement> Evaluate(string flag, string context)
    {
        using var response = await platform.Admin.PostJson("/api/v1/evaluate", $$"""{ "flag": "{{flag}}", "context": {{context}} }""");
        return await response.Json();
    }
}
