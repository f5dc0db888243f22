using System.Net;
using System.Text.Json;

namespace Delivery.Targeting.Tests.Governance;

[Collection(typeof(Governed))]
public sealed class LifecycleScenarios(GovernedServer governed)
{
    [Fact]
    public async Task a_flag_that_everybody_gets_one_variant_of_is_found_stale_from_the_ledger()
    {
        foreach (var flag in new[] { "worn", "mixed", "fresh" })
            await governed.Alice.GivenFlag($$"""{ "key": "{{flag}}", "type": "boolean", "owner": "lifers" }""");
        await Expose(("worn", "on"), ("worn", "on"), ("mixed", "on"), ("mixed", "off"));
        await governed.PassAsync(TimeSpan.FromDays(31));
        await Expose(("worn", "on"), ("mixed", "on"), ("mixed", "off"), ("fresh", "on"));

        var stale = await governed.Alice.GetJson("/api/v1/flags/stale?owner=lifers");
        stale.Each("key").ShouldBe(["worn"]);
        var lifecycle = stale.GetProperty("items")[0].GetProperty("lifecycle");
        lifecycle.Text("state").ShouldBe("stale");
        lifecycle.GetProperty("reasons")[0].Text("kind").ShouldBe("one-variant");
        lifecycle.GetProperty("reasons")[0].Text("sentence")!.ShouldStartWith("In production 'on' was served for 30 days: 1 of 1 exposures");
        (await governed.Alice.GetJson("/api/v1/flags?owner=lifers&lifecycle=active")).Each("key").ShouldBe(["fresh", "mixed"]);
        (await governed.Alice.GetJson("/api/v1/flags?owner=lifers&lifecycle=stale")).Each("key").ShouldBe(["worn"]);
        (await governed.Alice.GetJson("/api/v1/flags/mixed")).GetProperty("lifecycle").Text("lastExposureAt").ShouldNotBeNull();
        using var wrong = await governed.Alice.GetAsync(new Uri("/api/v1/flags?lifecycle=dead", UriKind.Relative), TestContext.Current.CancellationToken);
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task code_references_tell_unknown_and_archived_flags_and_which_are_ready_to_remove()
    {
        foreach (var flag in new[] { "coded", "uncoded", "put-away" })
            await governed.Root.GivenFlag($$"""{ "key": "{{flag}}", "type": "boolean", "owner": "coders" }""");
        using (var lifted = await governed.Root.PutJson("/api/v1/environments/production/approval", """{ "requiresApproval": false }"""))
            await lifted.Json();
        (await governed.Root.Says("/api/v1/flags/put-away/archive")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        using (var again = await governed.Root.PutJson("/api/v1/environments/production/approval", """{ "requiresApproval": true }"""))
            await again.Json();

        var first = await Upload("aaa", """{ "flag": "coded", "file": "a.cs", "line": 3 }, { "flag": "uncoded", "file": "a.cs", "line": 9 }, { "flag": "put-away", "file": "b.cs", "line": 1 }, { "flag": "typo", "file": "b.cs", "line": 2 }""");
        first.GetProperty("unknown").EnumerateArray().Select(key => key.GetString()).ShouldBe(["typo"]);
        first.GetProperty("archived").EnumerateArray().Select(key => key.GetString()).ShouldBe(["put-away"]);
        first.GetProperty("gone").GetArrayLength().ShouldBe(0);
        var second = await Upload("bbb", """{ "flag": "coded", "file": "a.cs", "line": 4 }""");
        second.GetProperty("gone").EnumerateArray().Select(key => key.GetString()).ShouldBe(["uncoded"]);
        (await Upload("bbb", """{ "flag": "coded", "file": "a.cs", "line": 4 }""")).GetProperty("changed").GetBoolean().ShouldBeFalse();

        (await governed.Alice.GetJson("/api/v1/flags?owner=coders&lifecycle=ready-to-remove")).Each("key").ShouldBe(["uncoded"]);
        (await governed.Alice.GetJson("/api/v1/flags/coded")).GetProperty("lifecycle").GetProperty("codeReferences").GetInt32().ShouldBe(1);
        var places = await governed.Alice.GetJson("/api/v1/flags/code-references?flag=coded");
        places.GetProperty("items")[0].GetProperty("line").GetInt32().ShouldBe(4);
        (await governed.Alice.GetJson("/api/v1/events?kind=code-repository&limit=1000")).Each("type").ShouldBe(["code-references-uploaded", "code-references-uploaded"]);
    }

    [Fact]
    public async Task bad_references_name_their_place_and_paths_are_no_keys()
    {
        using var bad = await governed.Alice.PutJson("/api/v1/flags/code-references", """{ "repository": "", "revision": "a", "references": [ { "flag": "x", "file": "f", "line": 0 } ] }""");
        bad.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await bad.Body()).GetProperty("errors").EnumerateObject().Select(error => error.Name).ShouldBe(["repository", "references[0].line"]);
        using var taken = await governed.Alice.PostJson("/api/v1/flags", """{ "key": "stale", "type": "boolean" }""");
        taken.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task<JsonElement> Upload(string revision, string references)
    {
        using var response = await governed.Alice.PutJson(
            "/api/v1/flags/code-references", $$"""{ "repository": "shop/web", "revision": "{{revision}}", "references": [ {{references}} ] }""");
        return await response.Json();
    }

    private async Task Expose(params (string Flag, string Variant)[] exposures)
    {
        var rows = exposures.Select((e, i) => $$"""
            { "id": "{{Guid.CreateVersion7(governed.Time.GetUtcNow())}}", "flag": "{{e.Flag}}", "variant": "{{e.Variant}}", "unit": "u{{i}}",
              "reason": "SPLIT", "flagVersion": 1, "sequence": 1, "time": "{{governed.Time.GetUtcNow():O}}" }
            """);
        using var response = await governed.Root.PostJson("/sdk/v1/exposures?environment=production", $"[{string.Join(',', rows)}]");
        await response.Json();
    }
}
