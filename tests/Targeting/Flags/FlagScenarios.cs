using System.Net;
using System.Text.Json;

namespace Delivery.Targeting.Tests.Flags;

[Collection(typeof(Platform))]
public sealed class FlagScenarios(PlatformFixture platform)
{
    [Fact]
    public async Task production_and_staging_exist_after_the_first_start_and_their_events_say_so()
    {
        var environments = await platform.Admin.GetJson("/api/v1/environments");

        environments.GetProperty("items").EnumerateArray().Select(e => e.Text("key")).ShouldBe(["production", "staging"], ignoreOrder: true, customMessage: environments.ToString());
        var events = await platform.Admin.GetJson("/api/v1/environments/production/events");
        events.GetProperty("items")[0].Text("type").ShouldBe("environment-created");
        events.GetProperty("items")[0].Text("actor").ShouldBe("platform");
    }

    [Fact]
    public async Task a_key_and_the_type_boolean_are_enough_for_a_flag()
    {
        using var created = await platform.Admin.PostJson("/api/v1/flags", """{ "key": "enough", "type": "boolean" }""");

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        created.Headers.Location!.ToString().ShouldBe("/api/v1/flags/enough");
        var flag = await platform.Admin.GetJson("/api/v1/flags/enough");
        flag.GetProperty("variants").EnumerateArray().Select(v => v.Text("key")).ShouldBe(["on", "off"]);
        flag.Text("offVariant").ShouldBe("off");
        var production = flag.GetProperty("environments").GetProperty("production");
        production.GetProperty("enabled").GetBoolean().ShouldBeTrue();
        production.GetProperty("killed").GetBoolean().ShouldBeFalse();
        (await Evaluate("enough", "production", "u1")).Text("variant").ShouldBe("off");
    }

    [Fact]
    public async Task creating_the_same_flag_again_changes_nothing_and_another_one_of_that_key_is_refused()
    {
        await platform.Admin.GivenFlag("""{ "key": "twice", "type": "boolean", "owner": "shop" }""");

        using var again = await platform.Admin.PostJson("/api/v1/flags", """{ "key": "twice", "type": "boolean", "owner": "shop" }""");
        (await again.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
        using var other = await platform.Admin.PostJson("/api/v1/flags", """{ "key": "twice", "type": "boolean", "owner": "search" }""");
        other.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await other.Body()).Text("code").ShouldBe("flag-exists");
    }

    [Fact]
    public async Task a_configuration_decides_by_attributes_targets_and_split()
    {
        await platform.Admin.GivenFlag("""{ "key": "decides", "type": "string", "variants": [ { "key": "a", "value": "A" }, { "key": "b", "value": "B" } ], "offVariant": "a" }""");

        using var configured = await platform.Admin.PutJson("/api/v1/flags/decides/environments/production", """
            {
              "rules": [
                { "id": "germany", "condition": { "attribute": "country", "operator": "in", "values": ["DE"] }, "serve": { "variant": "b" } },
                { "id": "half", "condition": { "attribute": "plan", "operator": "equals", "values": ["pro"] },
                  "serve": { "split": { "salt": "s", "weights": [ { "variant": "a", "weight": 5000 }, { "variant": "b", "weight": 5000 } ] } } }
              ],
              "targets": [ { "variant": "b", "units": ["u7"] } ],
              "comment": "Germany first"
            }
            """);

        configured.StatusCode.ShouldBe(HttpStatusCode.OK);
        configured.Headers.ETag!.Tag.ShouldBe("\"2\"");
        (await Evaluate("decides", "production", "u1", """ "country": "DE" """)).Text("reason").ShouldBe("TARGETING_MATCH");
        (await Evaluate("decides", "production", "u1", """ "country": "FR" """)).Text("variant").ShouldBe("a");
        (await Evaluate("decides", "production", "u7", """ "country": "FR" """)).Text("variant").ShouldBe("b");
        (await Evaluate("decides", "production", "u1", """ "plan": "pro" """)).Text("reason").ShouldBe("SPLIT");
        (await Evaluate("decides", "staging", "u1", """ "country": "DE" """)).Text("variant").ShouldBe("a");
        var events = await platform.Admin.GetJson("/api/v1/flags/decides/events");
        events.GetProperty("items").EnumerateArray().Select(e => e.Text("type")).ShouldBe(["flag-created", "flag-configured"]);
        events.GetProperty("items")[1].Text("comment").ShouldBe("Germany first");
    }

    [Fact]
    public async Task a_kill_serves_the_off_variant_until_it_is_restored_and_repeating_it_changes_nothing()
    {
        await platform.Admin.GivenFlag("""{ "key": "killable", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");
        (await Evaluate("killable", "production", "u1")).Text("variant").ShouldBe("on");

        using var kill = await platform.Admin.PostAsync(new Uri("/api/v1/flags/killable/environments/production/kill", UriKind.Relative), null, TestContext.Current.CancellationToken);
        (await kill.Json()).GetProperty("changed").GetBoolean().ShouldBeTrue();

        var killed = await Evaluate("killable", "production", "u1");
        killed.Text("variant").ShouldBe("off");
        killed.Text("reason").ShouldBe("DISABLED");
        using var again = await platform.Admin.PostJson("/api/v1/flags/killable/environments/production/kill", """{ "comment": "to be sure" }""");
        (await again.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
        using var restore = await platform.Admin.PostJson("/api/v1/flags/killable/environments/production/restore", "{}");
        restore.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Evaluate("killable", "production", "u1")).Text("variant").ShouldBe("on");
    }

    [Fact]
    public async Task an_archived_flag_is_no_longer_found_by_evaluation_and_changes_no_more()
    {
        await platform.Admin.GivenFlag("""{ "key": "retired", "type": "boolean" }""");
        using var archive = await platform.Admin.PostJson("/api/v1/flags/retired/archive", """{ "comment": "done" }""");
        archive.StatusCode.ShouldBe(HttpStatusCode.OK);

        using var evaluation = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags/retired", """{ "context": {} }""");
        evaluation.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var change = await platform.Admin.PutJson("/api/v1/flags/retired/environments/production", """{ "enabled": false }""");
        (await change.Body()).Text("code").ShouldBe("flag-archived");
        var list = await platform.Admin.GetJson("/api/v1/flags?archived=true&text=retired");
        list.GetProperty("items")[0].GetProperty("archived").GetBoolean().ShouldBeTrue();
        (await platform.Admin.GetJson("/api/v1/flags?text=retired")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task a_flag_is_shown_as_it_was_at_a_sequence_and_at_a_time()
    {
        await platform.Admin.GivenFlag("""{ "key": "history", "type": "boolean", "description": "first" }""");
        var before = await platform.Admin.GetJson("/api/v1/flags/history");
        await platform.Admin.PostJson("/api/v1/flags/history/environments/production/kill", "{}");

        var was = await platform.Admin.GetJson($"/api/v1/flags/history?at={before.GetProperty("sequence").GetInt64()}&environment=production");
        was.GetProperty("environments").GetProperty("production").GetProperty("killed").GetBoolean().ShouldBeFalse();
        was.GetProperty("version").GetInt64().ShouldBe(1);
        var atTime = await platform.Admin.GetJson($"/api/v1/flags/history?at={Uri.EscapeDataString(before.Text("changedAt")!)}");
        atTime.GetProperty("version").GetInt64().ShouldBe(1);
        (await platform.Admin.GetJson("/api/v1/flags/history")).GetProperty("environments").GetProperty("production").GetProperty("killed").GetBoolean().ShouldBeTrue();
        using var never = await platform.Admin.GetAsync(new Uri("/api/v1/flags/history?at=0", UriKind.Relative), TestContext.Current.CancellationToken);
        never.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task flags_are_listed_by_owner_tag_type_and_text_and_paged()
    {
        foreach (var i in Enumerable.Range(1, 3))
            await platform.Admin.GivenFlag($$"""{ "key": "listed-{{i}}", "type": "boolean", "owner": "lister", "tags": ["t{{i}}"] }""");

        var first = await platform.Admin.GetJson("/api/v1/flags?owner=lister&limit=2");
        Keys(first).ShouldBe(["listed-1", "listed-2"]);
        Keys(await platform.Admin.GetJson($"/api/v1/flags?owner=lister&limit=2&after={first.Text("next")}")).ShouldBe(["listed-3"]);
        Keys(await platform.Admin.GetJson("/api/v1/flags?owner=lister&tag=t2")).ShouldBe(["listed-2"]);
        Keys(await platform.Admin.GetJson("/api/v1/flags?owner=lister&type=string")).ShouldBeEmpty();
        Keys(await platform.Admin.GetJson("/api/v1/flags?text=LISTED-3")).ShouldBe(["listed-3"]);
    }

    [Fact]
    public async Task an_explanation_tells_every_step()
    {
        await platform.Admin.GivenFlag("""
            { "key": "explained", "type": "boolean", "environments": { "production": { "rules": [
              { "id": "beta", "condition": { "attribute": "beta", "operator": "equals", "values": [true] }, "serve": { "variant": "on" } } ] } } }
            """);

        using var response = await platform.Admin.PostJson("/api/v1/evaluate?explain=true", """{ "flag": "explained", "context": { "targetingKey": "u1", "beta": false } }""");
        var trace = (await response.Json()).GetProperty("trace");

        var rule = trace.EnumerateArray().Single(step => step.Text("kind") == "rule");
        rule.Text("subject").ShouldBe("beta");
        rule.GetProperty("decided").GetBoolean().ShouldBeFalse();
        rule.GetProperty("condition").Text("actual").ShouldBe("false");
    }

    [Fact]
    public async Task a_definition_is_written_anew_but_its_type_and_the_variants_in_use_stay()
    {
        await platform.Admin.GivenFlag("""{ "key": "redefined", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");

        using var changed = await platform.Admin.PutJson("/api/v1/flags/redefined", """
            { "type": "boolean", "variants": [ { "key": "on", "value": true }, { "key": "off", "value": false } ], "offVariant": "off", "owner": "shop", "clientVisible": true }
            """);
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await platform.Admin.GetJson("/api/v1/flags/redefined")).Text("owner").ShouldBe("shop");
        using var type = await platform.Admin.PutJson("/api/v1/flags/redefined", """{ "type": "string", "variants": [ { "key": "off", "value": "x" } ], "offVariant": "off" }""");
        (await type.Body()).Text("code").ShouldBe("type-is-fixed");
        using var variant = await platform.Admin.PutJson("/api/v1/flags/redefined", """{ "type": "boolean", "variants": [ { "key": "off", "value": false } ], "offVariant": "off" }""");
        (await variant.Body()).Text("code").ShouldBe("variant-in-use");
    }

    [Fact]
    public async Task a_configuration_is_compared_with_and_copied_from_another_environment()
    {
        await platform.Admin.GivenFlag("""{ "key": "copied", "type": "boolean", "environments": { "staging": { "default": { "variant": "on" } } } }""");

        var diff = await platform.Admin.GetJson("/api/v1/flags/copied/environments/production/diff?from=staging");
        diff.GetProperty("differences")[0].Text("path").ShouldBe("default");
        using var copy = await platform.Admin.PostJson("/api/v1/flags/copied/environments/production/copy", """{ "from": "staging", "comment": "tested" }""");
        copy.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Evaluate("copied", "production", "u1")).Text("variant").ShouldBe("on");
        (await platform.Admin.GetJson("/api/v1/flags/copied/environments/production/diff?from=staging")).GetProperty("differences").GetArrayLength().ShouldBe(0);
        using var again = await platform.Admin.PostJson("/api/v1/flags/copied/environments/production/copy", """{ "from": "staging" }""");
        (await again.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
        using var nowhere = await platform.Admin.PostJson("/api/v1/flags/copied/environments/production/copy", """{ "from": "mars" }""");
        nowhere.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static IEnumerable<string?> Keys(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(flag => flag.Text("key"));

    private async Task<JsonElement> Evaluate(string flag, string environment, string unit, string attributes = "")
    {
        var more = attributes.Length == 0 ? "" : ", " + attributes;
        using var response = await platform.Admin.PostJson(
            "/api/v1/evaluate", $$"""{ "flag": "{{flag}}", "environment": "{{environment}}", "context": { "targetingKey": "{{unit}}"{{more}} } }""");
        return await response.Json();
    }
}
