using System.Net;

namespace Delivery.Targeting.Tests.Populations;

[Collection(typeof(Platform))]
public sealed class PopulationScenarios(PlatformFixture platform)
{
    [Fact]
    public async Task a_segment_decides_in_the_flags_that_name_it_and_is_not_taken_away_under_them()
    {
        (await platform.Admin.PutJson("/api/v1/segments/beta", """{ "included": ["u1"], "comment": "testers" }""")).StatusCode.ShouldBe(HttpStatusCode.Created);
        await platform.Admin.GivenFlag("""
            { "key": "for-beta", "type": "boolean", "environments": { "production": { "rules": [ { "id": "beta", "condition": { "segment": "beta" }, "serve": { "variant": "on" } } ] } } }
            """);
        (await Variant("for-beta", "u1")).ShouldBe("on");
        (await Variant("for-beta", "u2")).ShouldBe("off");

        (await platform.Admin.PutJson("/api/v1/segments/beta", """{ "included": ["u2"] }""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Variant("for-beta", "u1")).ShouldBe("off");
        (await Variant("for-beta", "u2")).ShouldBe("on");

        using var delete = await platform.Admin.DeleteAsync(new Uri("/api/v1/segments/beta", UriKind.Relative), TestContext.Current.CancellationToken);
        (await delete.Body()).Text("code").ShouldBe("segment-in-use");
    }

    [Fact]
    public async Task segments_that_contain_each_other_are_refused()
    {
        await platform.Admin.PutJson("/api/v1/segments/ring-a", """{ "included": ["u1"] }""");
        await platform.Admin.PutJson("/api/v1/segments/ring-b", """{ "condition": { "segment": "ring-a" } }""");

        using var cyclic = await platform.Admin.PutJson("/api/v1/segments/ring-a", """{ "condition": { "segment": "ring-b" } }""");

        cyclic.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await cyclic.Body()).GetProperty("errors").GetProperty("condition.segment")[0].GetString()!.ShouldContain("cycle");
    }

    [Fact]
    public async Task flags_that_require_each_other_are_refused()
    {
        await platform.Admin.GivenFlag("""{ "key": "needs-a", "type": "boolean" }""");
        await platform.Admin.GivenFlag("""{ "key": "needs-b", "type": "boolean", "environments": { "production": { "prerequisites": [ { "flag": "needs-a", "variants": ["on"] } ] } } }""");

        using var cyclic = await platform.Admin.PutJson("/api/v1/flags/needs-a/environments/production", """{ "prerequisites": [ { "flag": "needs-b", "variants": ["on"] } ] }""");

        cyclic.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await cyclic.Body()).GetProperty("errors").GetProperty("prerequisites[0].flag")[0].GetString()!.ShouldContain("cycle");
    }

    [Fact]
    public async Task a_holdout_keeps_units_out_until_it_is_taken_away()
    {
        await platform.Admin.GivenFlag("""{ "key": "held", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");
        await platform.Admin.PutJson("/api/v1/holdouts/everyone", """{ "heldOutPartsPerMillion": 1000000, "flags": ["held"] }""");
        (await Variant("held", "u1")).ShouldBe("off");

        using var delete = await platform.Admin.DeleteAsync(new Uri("/api/v1/holdouts/everyone", UriKind.Relative), TestContext.Current.CancellationToken);
        delete.StatusCode.ShouldBe(HttpStatusCode.OK);

        (await Variant("held", "u1")).ShouldBe("on");
        (await platform.Admin.GetAsync(new Uri("/api/v1/holdouts/everyone", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task a_layers_slots_exclude_each_other()
    {
        foreach (var flag in new[] { "slot-a", "slot-b" })
            await platform.Admin.GivenFlag($$"""{ "key": "{{flag}}", "type": "boolean", "environments": { "production": { "rules": [ { "id": "all", "serve": { "variant": "on" } } ] } } }""");
        using var layer = await platform.Admin.PutJson("/api/v1/layers/checkout", """
            { "slots": [ { "flag": "slot-a", "start": 0, "end": 5000 }, { "flag": "slot-b", "start": 5000, "end": 10000 } ] }
            """);
        layer.StatusCode.ShouldBe(HttpStatusCode.Created);

        for (var unit = 0; unit < 40; unit++)
            new[] { await Variant("slot-a", $"u{unit}"), await Variant("slot-b", $"u{unit}") }.Count(variant => variant == "on").ShouldBe(1);
        using var overlap = await platform.Admin.PutJson("/api/v1/layers/checkout", """
            { "slots": [ { "flag": "slot-a", "start": 0, "end": 5001 }, { "flag": "slot-b", "start": 5000, "end": 10000 } ] }
            """);
        overlap.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task an_evaluation_in_the_past_uses_the_segments_and_prerequisites_of_then()
    {
        await platform.Admin.PutJson("/api/v1/segments/then", """{ "included": ["u1"] }""");
        await platform.Admin.GivenFlag("""{ "key": "gate-then", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");
        await platform.Admin.GivenFlag("""
            { "key": "past", "type": "boolean", "environments": { "production": {
              "prerequisites": [ { "flag": "gate-then", "variants": ["on"] } ],
              "rules": [ { "id": "s", "condition": { "segment": "then" }, "serve": { "variant": "on" } } ] } } }
            """);
        var sequence = (await platform.Admin.GetJson("/api/v1/flags/past")).GetProperty("sequence").GetInt64();
        await platform.Admin.PutJson("/api/v1/segments/then", """{ "included": ["u2"] }""");
        (await Variant("past", "u1", $"?at={sequence}")).ShouldBe("on");
        (await Variant("past", "u1")).ShouldBe("off");

        await platform.Admin.PostJson("/api/v1/flags/gate-then/environments/production/kill", "{}");
        (await Variant("past", "u2")).ShouldBe("off");
        (await Variant("past", "u1", $"?at={sequence}")).ShouldBe("on");
    }

    [Fact]
    public async Task two_versions_differ_by_path_and_an_earlier_one_comes_back_as_a_new_version()
    {
        await platform.Admin.GivenFlag("""{ "key": "versions", "type": "boolean" }""");
        await platform.Admin.PutJson("/api/v1/flags/versions/environments/production", """{ "default": { "variant": "on" } }""");

        var diff = await platform.Admin.GetJson("/api/v1/flags/versions/diff?from=1");
        diff.GetProperty("differences").EnumerateArray().ShouldContain(d => d.Text("path")!.StartsWith("environments.production"));
        using var restored = await platform.Admin.PostJson("/api/v1/flags/versions/versions/restore", """{ "version": 1 }""");
        (await restored.Json()).GetProperty("version").GetInt64().ShouldBe(3);
        (await Variant("versions", "u1")).ShouldBe("off");
        using var again = await platform.Admin.PostJson("/api/v1/flags/versions/versions/restore", """{ "version": 1 }""");
        (await again.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("segments/Bad", """{ "included": [] }""", "key")]
    [InlineData("segments/bad", """{ "includes": [] }""", "includes")]
    [InlineData("segments/bad", """{ "included": [null] }""", "included[0]")]
    [InlineData("segments/bad", """{ "condition": { "segment": "missing" } }""", "condition.segment")]
    [InlineData("layers/bad", """{ "slots": [ { "flag": "missing", "start": 0, "end": 1 } ] }""", "slots[0].flag")]
    [InlineData("holdouts/bad", """{ "heldOutPartsPerMillion": -1, "flags": [] }""", "heldOutPartsPerMillion")]
    [InlineData("holdouts/bad", """{ "flags": [] }""", "heldOutPartsPerMillion")]
    public async Task bad_populations_are_named_and_not_written(string path, string body, string field)
    {
        using var response = await platform.Admin.PutJson($"/api/v1/{path}", body);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Body()).GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldContain(field);
        (await platform.Admin.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task<string?> Variant(string flag, string unit, string query = "")
    {
        using var response = await platform.Admin.PostJson($"/api/v1/evaluate{query}", $$"""{ "flag": "{{flag}}", "context": { "targetingKey": "{{unit}}" } }""");
        return (await response.Json()).Text("variant");
    }
}
