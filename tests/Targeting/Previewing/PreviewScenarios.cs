using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;

namespace Delivery.Targeting.Tests.Previewing;

[Collection(typeof(Platform))]
public sealed class PreviewScenarios(PlatformFixture platform)
{
    [Fact]
    public async Task a_ramp_is_previewed_to_the_unit_on_recorded_traffic()
    {
        await platform.Admin.GivenFlag("""{ "key": "preview-ramp", "type": "boolean" }""");
        await Configure("preview-ramp", Ramp(50_000));
        var units = Enumerable.Range(0, 400).Select(i => $"user-{i}").ToList();
        await Record("preview-ramp", units.Select(unit => (unit, new JsonObject())));

        var preview = await Preview("preview-ramp", Ramp(300_000));

        var before = units.Count(unit => Exposed(unit, 50_000));
        var after = units.Count(unit => Exposed(unit, 300_000));
        after.ShouldBeGreaterThan(before);
        preview.GetProperty("complete").GetBoolean().ShouldBeTrue();
        Units(preview).ShouldBe((400, after - before, 400 - (after - before), 0));
        Cells(preview).ShouldBe([("off", "on", after - before), ("off", "off", 400 - after), ("on", "on", before)]);
        var example = preview.GetProperty("transitions")[0].GetProperty("examples")[0];
        Exposed(example.Text("unit")!, 300_000).ShouldBeTrue();
        example.GetProperty("now").Text("variant").ShouldBe("off");
        example.GetProperty("draft").Text("rule").ShouldBe("ramp");

        Units(await Preview("preview-ramp", Ramp(50_000))).ShouldBe((400, 0, 400, 0));
        (await platform.Admin.GetJson("/api/v1/flags/preview-ramp")).GetProperty("version").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task each_unit_counts_once_by_its_newest_context_in_the_period()
    {
        await platform.Admin.GivenFlag("""{ "key": "preview-newest", "type": "boolean" }""");
        await Configure("preview-newest", Country("DE"));
        await Record("preview-newest", [("u1", new JsonObject { ["country"] = "DE" }), ("u2", new JsonObject { ["country"] = "DE" })]);
        await Record("preview-newest", [("u1", new JsonObject { ["country"] = "FR" }), ("u3", new JsonObject())]);

        var preview = await Preview("preview-newest", Country("FR"));

        Units(preview).ShouldBe((3, 2, 1, 0));
        Cells(preview).ShouldBe([("off", "on", 1), ("on", "off", 1), ("off", "off", 1)]);
        var early = await Preview("preview-newest", Country("FR"), ", \"from\": \"2020-01-01T00:00:00Z\", \"to\": \"2020-01-02T00:00:00Z\"");
        Units(early).ShouldBe((0, 0, 0, 0));
        early.GetProperty("complete").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task an_attribute_that_was_not_recorded_is_named_and_one_that_was_read_then_is_known_to_be_absent()
    {
        await platform.Admin.GivenFlag("""{ "key": "preview-untold", "type": "boolean" }""");
        await Configure("preview-untold", Country("DE"));
        await Record("preview-untold", [("u1", new JsonObject { ["country"] = "DE" }), ("u2", new JsonObject())]);

        var preview = await Preview("preview-untold", """
            "rules": [ { "id": "german", "condition": { "attribute": "country", "operator": "equals", "values": ["DE"] }, "serve": { "variant": "on" } },
                       { "id": "gold", "condition": { "attribute": "tier", "operator": "equals", "values": ["gold"] }, "serve": { "variant": "on" } } ]
            """);

        Units(preview).ShouldBe((2, 0, 1, 1));
        preview.GetProperty("underivable").GetProperty("attributes").EnumerateObject().Select(a => (a.Name, a.Value.GetInt32())).ShouldBe([("tier", 1)]);
        preview.GetProperty("underivable").GetProperty("reasons").GetProperty("attributes-not-recorded").GetInt32().ShouldBe(1);

        // The configuration reads the attribute from now on; exposures of now tell that u2 has none.
        await Configure("preview-untold", """
            "rules": [ { "id": "gold", "condition": { "attribute": "tier", "operator": "equals", "values": ["gold"] }, "serve": { "variant": "on" } } ]
            """);
        await Record("preview-untold", [("u2", new JsonObject())]);
        Units(await Preview("preview-untold", """
            "rules": [ { "id": "other", "condition": { "attribute": "tier", "operator": "equals", "values": ["silver"] }, "serve": { "variant": "on" } } ]
            """)).ShouldBe((2, 0, 1, 1));
    }

    [Fact]
    public async Task a_limit_makes_it_a_sample_and_says_so()
    {
        await platform.Admin.GivenFlag("""{ "key": "preview-sample", "type": "boolean" }""");
        await Record("preview-sample", Enumerable.Range(0, 50).Select(i => ($"s{i}", new JsonObject())));

        var sample = await Preview("preview-sample", "\"default\": { \"variant\": \"on\" }", ", \"limit\": 20, \"examples\": 20");
        var again = await Preview("preview-sample", "\"default\": { \"variant\": \"on\" }", ", \"limit\": 20, \"examples\": 20");

        sample.GetProperty("complete").GetBoolean().ShouldBeFalse();
        Units(sample).ShouldBe((20, 20, 0, 0));
        Names(sample).ShouldBe(Names(again));
        (await Preview("preview-sample", "\"default\": { \"variant\": \"on\" }", ", \"limit\": 50")).GetProperty("complete").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData(""" "rules": [ { "id": "r", "serve": { "variant": "missing" } } ] """)]
    [InlineData(""" "rules": [ null ] """)]
    [InlineData(""" "prerequisites": [ { "flag": "preview-checked", "variants": ["on"] } ] """)]
    [InlineData(""" "default": { "split": { "weights": [] } } """)]
    [InlineData(""" "rules": [ { "id": "r", "condition": { "segment": "not-there" }, "serve": { "variant": "on" } } ] """)]
    [InlineData(""" "rules": [ { "id": "r", "condition": { "attribute": "a", "operator": "matches", "values": ["(a)\\1"] }, "serve": { "variant": "on" } } ] """)]
    public async Task a_draft_is_refused_as_a_write_is(string configuration)
    {
        await platform.Admin.PostJson("/api/v1/flags", """{ "key": "preview-checked", "type": "boolean" }""");

        using var written = await platform.Admin.PutJson("/api/v1/flags/preview-checked/environments/production", $"{{ {configuration} }}");
        using var drafted = await platform.Admin.PostJson("/api/v1/flags/preview-checked/preview", $$"""{ "environment": "production", "configuration": { {{configuration}} } }""");

        written.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        drafted.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        Fields(await drafted.Body()).ShouldBe(Fields(await written.Body()).Select(field => $"configuration.{field}"));
    }

    [Theory]
    [InlineData("""{ "environment": "production", "configuration": {}, "limit": 0 }""", 400, "limit")]
    [InlineData("""{ "environment": "production", "configuration": {}, "limit": 1000001 }""", 400, "limit")]
    [InlineData("""{ "environment": "production", "configuration": {}, "examples": 21 }""", 400, "examples")]
    [InlineData("""{ "environment": "production", "configuration": {}, "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" }""", 400, "to")]
    [InlineData("""{ "environment": "production" }""", 400, "configuration")]
    [InlineData("""{ "configuration": {} }""", 400, "environment")]
    [InlineData("""{ "environment": "production", "configuration": { "colour": "red" } }""", 400, "configuration.colour")]
    [InlineData("""{ "environment": "nowhere", "configuration": {} }""", 404, null)]
    public async Task a_bad_request_names_the_field(string body, int status, string? field)
    {
        await platform.Admin.PostJson("/api/v1/flags", """{ "key": "preview-checked", "type": "boolean" }""");

        using var response = await platform.Admin.PostJson("/api/v1/flags/preview-checked/preview", body);

        ((int)response.StatusCode).ShouldBe(status);
        if (field is not null)
            Fields(await response.Body()).ShouldBe([field]);
    }

    [Fact]
    public async Task there_is_no_preview_of_a_flag_that_is_not_there()
    {
        using var response = await platform.Admin.PostJson("/api/v1/flags/not-there/preview", """{ "environment": "production", "configuration": {} }""");

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static string Ramp(int exposure) => $$"""
        "rules": [ { "id": "ramp", "serve": { "split": { "salt": "preview", "exposurePartsPerMillion": {{exposure}}, "weights": [ { "variant": "on", "weight": 1 } ] } } } ]
        """;

    private static string Country(string country) => $$"""
        "rules": [ { "id": "by-country", "condition": { "attribute": "country", "operator": "equals", "values": ["{{country}}"] }, "serve": { "variant": "on" } } ]
        """;

    private async Task Configure(string flag, string configuration)
    {
        using var response = await platform.Admin.PutJson($"/api/v1/flags/{flag}/environments/production", $"{{ {configuration} }}");
        await response.Json();
    }

    private async Task<JsonElement> Preview(string flag, string configuration, string more = "")
    {
        using var response = await platform.Admin.PostJson($"/api/v1/flags/{flag}/preview", $$"""{ "environment": "production", "configuration": { {{configuration}} }{{more}} }""");
        return await response.Json();
    }

    /// <summary>As an SDK does it: evaluates with the ruleset of now, and records the attributes that were read.</summary>
    private async Task Record(string flag, IEnumerable<(string Unit, JsonObject Attributes)> contexts)
    {
        using var ruleset = await platform.Admin.GetAsync(new Uri("/sdk/v1/ruleset?environment=production", UriKind.Relative), TestContext.Current.CancellationToken);
        var snapshot = Snapshot.Compile(RulesetJson.Read(await ruleset.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)));
        var exposures = new JsonArray([.. contexts.Select(context => (JsonNode)Exposure(snapshot, flag, context.Unit, context.Attributes))]);
        using var taken = await platform.Admin.PostJson("/sdk/v1/exposures?environment=production", exposures.ToJsonString());
        await taken.Json();
    }

    private static JsonObject Exposure(Snapshot snapshot, string flag, string unit, JsonObject attributes)
    {
        var context = attributes.DeepClone().AsObject();
        context["targetingKey"] = unit;
        var result = snapshot.Evaluate(flag, EvaluationContext.FromJson(JsonSerializer.SerializeToElement(context)));
        return new JsonObject
        {
            ["id"] = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString(),
            ["flag"] = flag,
            ["variant"] = result.VariantKey,
            ["unit"] = unit,
            ["reason"] = JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString()),
            ["flagVersion"] = result.FlagVersion,
            ["sequence"] = result.Sequence,
            ["attributes"] = attributes.DeepClone(),
            ["time"] = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
        };
    }

    private static bool Exposed(string unit, int partsPerMillion) =>
        System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes($"preview/exposure\0{unit}")) / 18446744073709551616d < partsPerMillion / 1_000_000d;

    private static (int LookedAt, int Changing, int Unchanged, int Underivable) Units(JsonElement preview)
    {
        var units = preview.GetProperty("units");
        return (units.GetProperty("lookedAt").GetInt32(), units.GetProperty("changing").GetInt32(), units.GetProperty("unchanged").GetInt32(), units.GetProperty("underivable").GetInt32());
    }

    private static List<(string? From, string? To, int Units)> Cells(JsonElement preview) =>
        [.. preview.GetProperty("transitions").EnumerateArray().Select(cell => (cell.Text("from"), cell.Text("to"), cell.GetProperty("units").GetInt32()))];

    private static List<string?> Names(JsonElement preview) =>
        [.. preview.GetProperty("transitions")[0].GetProperty("examples").EnumerateArray().Select(example => example.Text("unit"))];

    private static List<string> Fields(JsonElement problem) => [.. problem.GetProperty("errors").EnumerateObject().Select(error => error.Name)];
}
