using System.Net;

namespace Delivery.Targeting.Tests.Import;

[Collection(typeof(Platform))]
public sealed class ImportScenarios(PlatformFixture platform)
{
    private const string Payload = """
        {
          "features": {
            "gb_checkout": {
              "defaultValue": "old",
              "rules": [
                { "condition": { "country": "DE" }, "force": "new" },
                { "key": "exp", "variations": ["old", "new"], "weights": [0.5, 0.5], "hashAttribute": "id" },
                { "force": "new", "urlPatterns": [], "condition": { "never": true } }
              ]
            }
          },
          "savedGroups": { "gb-group": ["1", 2] }
        }
        """;

    [Fact]
    public async Task a_growthbook_document_becomes_flags_that_serve_and_says_what_it_could_not_take()
    {
        using var import = await platform.Admin.PostJson("/api/v1/import/growthbook?environment=staging", Payload);
        var report = await import.Json();

        report.GetProperty("imported")[0].GetString().ShouldBe("gb_checkout");
        report.GetProperty("unsupported")[0].Text("path").ShouldBe("features.gb_checkout.rules[2].urlPatterns");
        (await Value("""{ "id": "1", "country": "DE" }""")).ShouldBe("new");
        (await Value("""{ "country": "FR" }""")).ShouldBe("old");
        using var again = await platform.Admin.PostJson("/api/v1/import/growthbook?environment=staging", Payload);
        (await again.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task a_flagd_document_becomes_flags_that_serve_through_ofrep()
    {
        using var import = await platform.Admin.PostJson("/api/v1/import/flagd?environment=staging&strict=true", """
            {
              "flags": { "flagd_banner": { "state": "ENABLED", "variants": { "red": "#f00", "blue": "#00f" }, "defaultVariant": "red",
                "targeting": { "if": [ { "$ref": "staff" }, "blue", { "fractional": [ [ "red", 1 ], [ "blue", 0 ] ] } ] } } },
              "$evaluators": { "staff": { "ends_with": [ { "var": "email" }, "@shop.example" ] } }
            }
            """);
        (await import.Json()).GetProperty("imported")[0].GetString().ShouldBe("flagd_banner");

        (await Value("""{ "email": "a@shop.example" }""", "flagd_banner")).ShouldBe("#00f");
        (await Value("""{ "email": "a@b.example", "targetingKey": "u1" }""", "flagd_banner")).ShouldBe("#f00");
    }

    [Fact]
    public async Task what_was_exported_comes_back_without_loss()
    {
        await platform.Admin.PutJson("/api/v1/segments/exported", """{ "included": ["u1"], "condition": { "attribute": "plan", "operator": "in", "values": ["pro"] }, "description": "who pays" }""");
        await platform.Admin.GivenFlag("""
            { "key": "exported", "type": "number", "variants": [ { "key": "one", "value": 1.5 }, { "key": "two", "value": 2 } ], "tags": ["t"], "expiresOn": "2027-01-31",
              "environments": { "production": { "default": { "variant": "two" }, "targets": [ { "variant": "one", "units": ["u9"] } ],
                "rules": [ { "id": "r", "condition": { "segment": "exported" }, "serve": { "split": { "salt": "s", "exposurePartsPerMillion": 500000, "weights": [ { "variant": "one", "weight": 3 }, { "variant": "two", "weight": 7 } ] } } } ] } } }
            """);
        var document = await platform.Admin.GetJson("/api/v1/export");
        await platform.Admin.PutJson("/api/v1/flags/exported/environments/production", "{}");
        await platform.Admin.PutJson("/api/v1/segments/exported", """{ "included": [] }""");

        using var import = await platform.Admin.PostJson("/api/v1/import/delivery?strict=true", document.GetRawText());

        (await import.Json()).GetProperty("changed").GetBoolean().ShouldBeTrue();
        var again = await platform.Admin.GetJson("/api/v1/export");
        Part(again, "flags", "exported").ShouldBe(Part(document, "flags", "exported"));
        Part(again, "populations", "exported").ShouldBe(Part(document, "populations", "exported"));
        using var repeated = await platform.Admin.PostJson("/api/v1/import/delivery", document.GetRawText());
        (await repeated.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    private static string Part(System.Text.Json.JsonElement document, string list, string key) =>
        document.GetProperty(list).EnumerateArray().Single(item => item.Text("key") == key).GetRawText();

    [Fact]
    public async Task a_strict_import_that_would_lose_something_is_refused_whole()
    {
        using var strict = await platform.Admin.PostJson("/api/v1/import/growthbook?environment=staging&strict=true", Payload.Replace("gb_checkout", "gb_strict", StringComparison.Ordinal));

        strict.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await platform.Admin.GetAsync(new Uri("/api/v1/flags/gb_strict", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("growthbook", "[]", 400)]
    [InlineData("growthbook", "{", 400)]
    [InlineData("growthbook", """{ "features": { "f": { "rules": [ { "filters": [ {} ], "force": 1 } ] } } }""", 400)]
    [InlineData("toggles-r-us", "{}", 404)]
    [InlineData("growthbook?environment=mars", """{ "features": {} }""", 404)]
    public async Task a_document_that_is_not_of_the_format_is_refused(string format, string body, int status)
    {
        using var response = await platform.Admin.PostJson($"/api/v1/import/{format}", body);
        ((int)response.StatusCode).ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("../..")]
    [InlineData("%00")]
    [InlineData("\u202e")]
    [InlineData("a b")]
    public async Task a_key_that_no_path_could_name_is_not_imported(string key)
    {
        using var response = await platform.Admin.PostJson(
            "/api/v1/import/unleash", System.Text.Json.JsonSerializer.Serialize(new { version = 1, features = new[] { new { name = key, enabled = true, strategies = Array.Empty<object>() } } }));
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("\"flags[0].key\"");
    }

    private async Task<string?> Value(string context, string flag = "gb_checkout")
    {
        using var response = await platform.Admin.PostJson($"/ofrep/v1/evaluate/flags/{flag}?environment=staging", $$"""{ "context": {{context}} }""");
        return (await response.Json()).Text("value");
    }
}
