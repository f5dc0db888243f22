using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Delivery.Server.Tests.Http;

/// <summary>PostgreSQL has no NUL, and half a surrogate pair is no text: both are the caller's fault, never a 500.</summary>
public sealed class TextThatCannotBeKept(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Nul = @"a\u0000b";
    private const string Half = @"\ud800";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("PUT", "/api/v1/teams/kept", $$"""{ "name": "{{Nul}}" }""", "name")]
    [InlineData("PUT", "/api/v1/teams/kept", $$"""{ "name": "n", "comment": "{{Nul}}" }""", "comment")]
    [InlineData("PUT", "/api/v1/teams/kept", $$"""{ "name": "n", "channels": [{ "key": "w", "kind": "webhook", "url": "http://127.0.0.1:1/", "secret": "{{Nul}}" }] }""", "channels[0].secret")]
    [InlineData("PUT", "/api/v1/teams/kept", $$"""{ "{{Nul}}": 1 }""", "$")]
    [InlineData("PUT", "/api/v1/segments/kept", $$"""{ "condition": { "attribute": "country", "operator": "in", "values": ["{{Half}}"] } }""", "condition.values[0]")]
    [InlineData("POST", "/api/v1/environments", $$"""{ "key": "kept", "name": "{{Nul}}" }""", "name")]
    [InlineData("POST", "/api/v1/keys", $$"""{ "name": "{{Nul}}", "role": "operator" }""", "name")]
    [InlineData("POST", "/api/v1/rollouts", $$"""{ "key": "kept", "flag": "{{Nul}}", "variant": "on" }""", "flag")]
    [InlineData("POST", "/api/v1/import/growthbook", $$"""{ "features": { "kept": { "defaultValue": "{{Nul}}" } } }""", "features.kept.defaultValue")]
    public async Task in_a_body_is_refused_by_its_path_and_changes_nothing(string method, string path, string body, string field)
    {
        using var admin = running.Server.Admin();
        var before = await Events(admin);
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var answer = await admin.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
        (await Events(admin)).ShouldBe(before);
    }

    [Theory]
    [InlineData("/api/v1/events", "actor")]
    [InlineData("/api/v1/flags/x/events", "type")]
    [InlineData("/api/v1/exposures", "flag")]
    [InlineData("/api/v1/exposures/counts", "unit")]
    [InlineData("/api/v1/metrics/events", "name")]
    public async Task in_a_query_is_refused_by_the_parameters_name(string path, string parameter)
    {
        using var admin = running.Server.Admin();
        var answer = await admin.GetAsync($"{path}?{parameter}=%00", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty(parameter, out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("application/json; charset=nope")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("text/plain")]
    public async Task a_body_that_is_not_json_in_utf8_is_refused_by_its_content_type(string contentType)
    {
        using var admin = running.Server.Admin();
        using var body = new ByteArrayContent("""{ "name": "n" }"""u8.ToArray());
        body.Headers.TryAddWithoutValidation("Content-Type", contentType);
        (await admin.PutAsync("/api/v1/teams/charset", body, Cancel)).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await admin.GetAsync("/api/v1/teams/charset", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task escapes_and_a_byte_order_mark_that_can_be_read_are_taken()
    {
        using var admin = running.Server.Admin();
        using var body = new ByteArrayContent([0xEF, 0xBB, 0xBF, .. """{ "name": "\ud83d\ude80 \u00e9" }"""u8]);
        body.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=\"UTF-8\"");
        (await admin.PutAsync("/api/v1/teams/rocket", body, Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.GetFromJsonAsync<JsonElement>("/api/v1/teams/rocket", Cancel)).GetProperty("name").GetString().ShouldBe("🚀 é");
    }

    [Theory]
    [InlineData("/api/v1/exposures")]
    [InlineData("/api/v1/exposures/counts")]
    [InlineData("/api/v1/metrics/events")]
    [InlineData("/api/v1/rollouts")]
    [InlineData("/sdk/v1/ruleset")]
    public async Task an_environment_that_does_not_exist_is_not_answered_as_an_empty_one(string path)
    {
        using var admin = running.Server.Admin();
        (await admin.GetAsync($"{path}?environment=prodution", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await admin.GetAsync($"{path}?environment=production", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/api/v1/alerts?state=-1", "state")]
    [InlineData("/api/v1/alerts?state=raised,resolved", "state")]
    public async Task a_choice_is_taken_by_its_name_only(string path, string field)
    {
        using var admin = running.Server.Admin();
        var answer = await admin.GetAsync(path, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("PUT", "/api/v1/teams/nothing", """{ "name": "n", "channels": [null] }""", "channels[0]")]
    [InlineData("POST", "/api/v1/import/delivery", """{ "format": "delivery", "version": 1, "environment": "production", "sequence": 1, "flags": [null], "populations": [] }""", "flags[0]")]
    [InlineData("POST", "/api/v1/import/delivery", """{ "format": "delivery", "version": 1, "environment": "production", "sequence": 1, "flags": [], "populations": [null] }""", "populations[0]")]
    [InlineData("POST", "/api/v1/import/delivery", """{ "format": "delivery", "version": 1, "environment": "production", "sequence": 1, "flags": [{ "key": "f", "identity": { "type": "boolean", "variants": [{ "key": "a", "value": true }], "offVariant": "a" }, "configuration": {}, "environments": { "staging": null } }], "populations": [] }""", "flags[0].environments.staging")]
    [InlineData("POST", "/api/v1/import/delivery", """{ "format": "delivery", "version": 1, "environment": "production", "sequence": 1, "flags": [{ "key": "f", "identity": { "type": "boolean", "variants": [{ "key": "a", "value": true }], "offVariant": "a" }, "configuration": { "rules": [null] } }], "populations": [] }""", "flags[0].configuration.rules[0]")]
    [InlineData("POST", "/api/v1/import/unleash", """{ "version": 1, "features": [{ "name": null, "enabled": true, "strategies": [] }] }""", "$")]
    [InlineData("POST", "/api/v1/statistics/srm", """{ "users": [100, 120], "weights": [1e308, 1] }""", "weights")]
    public async Task null_items_and_numbers_out_of_reach_are_refused_by_name(string method, string path, string body, string field)
    {
        using var admin = running.Server.Admin();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var answer = await admin.SendAsync(request, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task in_an_openfeature_context_is_an_invalid_context()
    {
        using var admin = running.Server.Admin();
        using var body = new StringContent($$"""{ "context": { "targetingKey": "{{Half}}" } }""", Encoding.UTF8, "application/json");
        var answer = await admin.PostAsync("/ofrep/v1/evaluate/flags", body, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errorCode").GetString().ShouldBe("INVALID_CONTEXT");
    }

    private static async Task<int> Events(HttpClient admin) =>
        (await admin.GetFromJsonAsync<JsonElement>("/api/v1/events?limit=1000", Cancel)).GetProperty("items").GetArrayLength();
}
