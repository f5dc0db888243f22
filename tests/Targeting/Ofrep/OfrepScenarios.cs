using System.Net;
using Delivery.Targeting.Tests.Live;

namespace Delivery.Targeting.Tests.Ofrep;

[Collection(typeof(Platform))]
public sealed class OfrepScenarios(PlatformFixture platform)
{
    [Fact]
    public async Task one_flag_is_evaluated_with_the_metadata_that_exposures_join_on()
    {
        await platform.Admin.GivenFlag("""{ "key": "single", "type": "object", "variants": [ { "key": "a", "value": { "size": 3 } } ] }""");

        using var response = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags/single", """{ "context": { "targetingKey": "u1" } }""");
        var result = await response.Json();

        result.Text("key").ShouldBe("single");
        result.GetProperty("value").GetProperty("size").GetInt32().ShouldBe(3);
        result.Text("variant").ShouldBe("a");
        result.GetProperty("metadata").Text("version").ShouldBe("1");
        result.GetProperty("metadata").Text("flagSetId").ShouldBe("production");
        result.GetProperty("metadata").Text("contextId").ShouldBe("u1");
    }

    [Fact]
    public async Task a_disabled_flag_still_sends_its_value()
    {
        await platform.Admin.GivenFlag("""{ "key": "disabled", "type": "boolean", "environments": { "production": { "enabled": false } } }""");

        using var response = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags/disabled", """{ "context": { "targetingKey": "u1" } }""");
        var result = await response.Json();

        result.Text("reason").ShouldBe("DISABLED");
        result.GetProperty("value").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("no-such-flag", """{ "context": { "targetingKey": "u1" } }""", 404, "FLAG_NOT_FOUND")]
    [InlineData("no-such-flag", """{ "context": """, 400, "PARSE_ERROR")]
    [InlineData("no-such-flag", "", 400, "PARSE_ERROR")]
    [InlineData("no-such-flag", "[]", 400, "PARSE_ERROR")]
    [InlineData("no-such-flag", """{ "context": "u1" }""", 400, "INVALID_CONTEXT")]
    [InlineData("no-such-flag", """{ "context": { "targetingKey": 7 } }""", 400, "INVALID_CONTEXT")]
    public async Task an_error_has_the_protocols_shape(string flag, string body, int status, string code)
    {
        using var response = await platform.Admin.PostJson($"/ofrep/v1/evaluate/flags/{flag}", body);

        ((int)response.StatusCode).ShouldBe(status);
        var error = await response.Body();
        error.Text("key").ShouldBe(flag);
        error.Text("errorCode").ShouldBe(code);
    }

    [Fact]
    public async Task a_missing_targeting_key_is_an_error_only_where_nothing_else_can_decide()
    {
        await platform.Admin.GivenFlag("""
            { "key": "needs-key", "type": "boolean", "environments": { "production": { "default": { "split": { "weights": [ { "variant": "on", "weight": 1 }, { "variant": "off", "weight": 1 } ] } } } } }
            """);
        await platform.Admin.GivenFlag("""
            { "key": "passes-on", "type": "boolean", "environments": { "production": { "default": { "variant": "off" },
              "rules": [ { "id": "half", "serve": { "split": { "weights": [ { "variant": "on", "weight": 1 }, { "variant": "off", "weight": 1 } ] } } } ] } } }
            """);

        using var refused = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags/needs-key", """{ "context": { "country": "DE" } }""");
        ((int)refused.StatusCode).ShouldBe(400);
        (await refused.Body()).Text("errorCode").ShouldBe("TARGETING_KEY_MISSING");

        using var passed = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags/passes-on", """{ "context": { "country": "DE" } }""");
        var result = await passed.Json();
        result.Text("reason").ShouldBe("DEFAULT");
        result.GetProperty("metadata").Text("passedOver").ShouldBe("unitAttributeMissing");
        result.GetProperty("metadata").Text("passedOverRule").ShouldBe("half");

        using var bulk = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags", """{ "context": { "country": "DE" } }""");
        var flags = (await bulk.Json()).GetProperty("flags").EnumerateArray().ToDictionary(flag => flag.Text("key")!);
        flags["needs-key"].Text("errorCode").ShouldBe("TARGETING_KEY_MISSING");
        flags["passes-on"].GetProperty("value").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task an_unknown_environment_is_a_general_error()
    {
        using var response = await platform.Admin.PostJson("/ofrep/v1/evaluate/flags/single?environment=mars", """{ "context": {} }""");

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Body()).Text("errorCode").ShouldBe("GENERAL");
    }

    [Fact]
    public async Task all_flags_come_with_a_tag_that_holds_until_context_or_configuration_changes()
    {
        await platform.Admin.GivenFlag("""{ "key": "bulk", "type": "boolean" }""");
        using var first = await Bulk(platform.Admin, "u1", null);
        var tag = first.Headers.ETag!.Tag;
        (await first.Json()).GetProperty("flags").EnumerateArray().ShouldContain(flag => flag.Text("key") == "bulk");

        (await Bulk(platform.Admin, "u1", tag)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await Bulk(platform.Admin, "u2", tag)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await platform.Admin.PostJson("/api/v1/flags/bulk/environments/production/kill", "{}");
        (await Bulk(platform.Admin, "u1", tag)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task a_client_key_sees_client_visible_flags_only()
    {
        await platform.Admin.GivenFlag("""{ "key": "hidden", "type": "boolean" }""");
        await platform.Admin.GivenFlag("""{ "key": "visible", "type": "boolean", "clientVisible": true }""");
        using var client = await platform.Server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);

        using var bulk = await Bulk(client, "u1", null);
        var keys = (await bulk.Json()).GetProperty("flags").EnumerateArray().Select(flag => flag.Text("key")).ToList();
        keys.ShouldContain("visible");
        keys.ShouldNotContain("hidden");
        (await client.PostJson("/ofrep/v1/evaluate/flags/hidden", """{ "context": {} }""")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.PostJson("/ofrep/v1/evaluate/flags/visible", """{ "context": {} }""")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task the_event_stream_tells_to_evaluate_anew_and_needs_only_its_address()
    {
        await platform.Admin.GivenFlag("""{ "key": "refetched", "type": "boolean" }""");
        using var bulk = await Bulk(platform.Admin, "u1", null);
        var stream = (await bulk.Json()).GetProperty("eventStreams")[0];
        stream.Text("type").ShouldBe("sse");
        using var anonymous = platform.Server.With(null);
        await using var events = await SseReader.OpenAsync(anonymous, stream.Text("url")!);
        await events.RefetchAsync();

        await platform.Admin.PostJson("/api/v1/flags/refetched/environments/production/kill", "{}");

        (await events.RefetchAsync()).ShouldBe((await platform.Admin.GetJson("/api/v1/flags/refetched")).GetProperty("sequence").GetInt64());
    }

    [Fact]
    public async Task a_stream_tells_what_happened_between_the_evaluation_and_its_opening_and_after_it_broke_off()
    {
        await platform.Admin.GivenFlag("""{ "key": "meanwhile", "type": "boolean" }""");
        using var bulk = await Bulk(platform.Admin, "u1", null);
        var address = (await bulk.Json()).GetProperty("eventStreams")[0].Text("url")!;
        using var anonymous = platform.Server.With(null);

        var killed = await Change("kill");
        await using (var opened = await SseReader.OpenAsync(anonymous, address))
            (await opened.RefetchAsync()).ShouldBe(killed);
        var restored = await Change("restore");
        anonymous.DefaultRequestHeaders.Add("Last-Event-ID", killed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await using (var reopened = await SseReader.OpenAsync(anonymous, address))
            (await reopened.RefetchAsync()).ShouldBe(restored);

        anonymous.DefaultRequestHeaders.Remove("Last-Event-ID");
        anonymous.DefaultRequestHeaders.Add("Last-Event-ID", restored.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await using var upToDate = await SseReader.OpenAsync(anonymous, address);
        var next = await Change("kill");
        (await upToDate.RefetchAsync()).ShouldBe(next, "who has the last change is told of the next one only");

        async Task<long> Change(string deed)
        {
            using var changed = await platform.Admin.PostJson($"/api/v1/flags/meanwhile/environments/production/{deed}", "{}");
            await changed.Json();
            return (await platform.Admin.GetJson("/api/v1/flags/meanwhile")).GetProperty("sequence").GetInt64();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("!!")]
    public async Task a_stream_address_that_was_not_issued_opens_nothing(string token)
    {
        using var anonymous = platform.Server.With(null);
        using var response = await anonymous.GetAsync(new Uri($"/ofrep/v1/stream?token={token}", UriKind.Relative), TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task without_a_key_nothing_is_evaluated()
    {
        using var anonymous = platform.Server.With(null);
        using var response = await anonymous.PostJson("/ofrep/v1/evaluate/flags/single", """{ "context": {} }""");
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("https://shop.example", "https://shop.example")]
    [InlineData("https://evil.example", null)]
    public async Task pages_of_configured_origins_may_call(string origin, string? allowed)
    {
        using var anonymous = platform.Server.With(null);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, new Uri("/ofrep/v1/evaluate/flags", UriKind.Relative));
        preflight.Headers.Add("Origin", origin);
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");

        using var response = await anonymous.SendAsync(preflight, TestContext.Current.CancellationToken);

        (response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null).ShouldBe(allowed);
    }

    private static async Task<HttpResponseMessage> Bulk(HttpClient client, string unit, string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/ofrep/v1/evaluate/flags", UriKind.Relative))
        {
            Content = Http.Json($$"""{ "context": { "targetingKey": "{{unit}}" } }"""),
        };
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
