using System.Net;

namespace Delivery.Targeting.Tests.Flags;

/// <summary>Bad input to each endpoint gets the right problem and changes nothing.</summary>
[Collection(typeof(Platform))]
public sealed class BadInput(PlatformFixture platform)
{
    private static readonly string Huge = $$"""{ "key": "huge", "type": "boolean", "description": "{{new string('x', 5 * 1024 * 1024)}}" }""";

    public static TheoryData<string, string, string, int, string> Cases => new()
    {
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "boolean", "colour": "red" }""", 400, "colour" },
        { "POST", "/api/v1/flags", """{ "key": 7, "type": "boolean" }""", 400, "key" },
        { "POST", "/api/v1/flags", """{ "type": "boolean" }""", 400, "key" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "color" }""", 400, "type" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": """, 400, "type" },
        { "POST", "/api/v1/flags", """{ "key": "Not Kebab", "type": "boolean" }""", 400, "key" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "string" }""", 400, "variants" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "string", "variants": [ { "key": "a", "value": 1 } ] }""", 400, "variants[0].value" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "string", "variants": [ { "key": "a", "value": "1" }, { "key": "a", "value": "2" } ] }""", 400, "variants[1].key" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "boolean", "offVariant": "maybe" }""", 400, "offVariant" },
        { "POST", "/api/v1/flags", """{ "key": "bad", "type": "boolean", "environments": { "mars": {} } }""", 400, "environments.mars" },
        { "POST", "/api/v1/flags", """{ "key": "present", "type": "string", "variants": [ { "key": "a", "value": "1" } ] }""", 409, "flag-exists" },
        { "PUT", "/api/v1/flags/present/environments/mars", "{}", 404, "environment-not-found" },
        { "PUT", "/api/v1/flags/absent/environments/production", "{}", 404, "flag-not-found" },
        { "PUT", "/api/v1/flags/present/environments/production", """{ "enabled": "yes" }""", 400, "enabled" },
        { "PUT", "/api/v1/flags/present/environments/production", """{ "rulez": [] }""", 400, "rulez" },
        { "PUT", "/api/v1/flags/present/environments/production", """{ "rules": [ { "id": "r", "serve": { "variant": "blue" } } ] }""", 400, "rules[0].serve.variant" },
        { "PUT", "/api/v1/flags/present/environments/production", """{ "rules": [ { "id": "r", "condition": { "attribute": "a", "operator": "resembles" }, "serve": { "variant": "on" } } ] }""", 400, "rules[0].condition.operator" },
        { "PUT", "/api/v1/flags/present/environments/production", """{ "rules": [ { "id": "r", "serve": { "split": { "exposurePartsPerMillion": 1000001, "weights": [ { "variant": "on", "weight": 1 } ] } } } ] }""", 400, "rules[0].serve.split.exposurePartsPerMillion" },
        { "PUT", "/api/v1/flags/present/environments/production", """{ "rules": [ { "id": "r", "managedBy": "rollout:x", "serve": { "variant": "on" } } ] }""", 409, "rules-managed" },
        { "PUT", "/api/v1/flags/present", """{ "type": "boolean", "variants": [], "offVariant": "off" }""", 400, "variants" },
        { "PUT", "/api/v1/flags/absent", """{ "type": "boolean", "variants": [ { "key": "off", "value": false } ], "offVariant": "off" }""", 404, "flag-not-found" },
        { "POST", "/api/v1/flags/present/environments/production/kill", """{ "komment": "x" }""", 400, "komment" },
        { "POST", "/api/v1/flags/absent/environments/production/kill", "{}", 404, "flag-not-found" },
        { "POST", "/api/v1/flags/present/environments/mars/restore", "{}", 404, "environment-not-found" },
        { "POST", "/api/v1/flags/absent/archive", "{}", 404, "flag-not-found" },
        { "POST", "/api/v1/environments", """{ "key": "No Good" }""", 400, "key" },
        { "POST", "/api/v1/environments", """{ "key": "production", "name": "Other" }""", 409, "environment-exists" },
        { "POST", "/api/v1/evaluate", """{ "flag": "present", "environment": "mars" }""", 404, "environment-not-found" },
        { "POST", "/api/v1/evaluate", """{ "flag": "present", "context": [] }""", 400, "context" },
        { "POST", "/api/v1/evaluate", """{ "flag": "absent" }""", 404, "flag-not-found" },
        { "GET", "/api/v1/flags?type=colour", "", 400, "type" },
        { "GET", "/api/v1/flags?limit=0", "", 400, "limit" },
        { "GET", "/api/v1/flags/present?at=yesterday", "", 400, "at" },
        { "GET", "/api/v1/flags/present?environment=mars", "", 404, "environment-not-found" },
        { "GET", "/sdk/v1/ruleset?environment=mars", "", 404, "environment-not-found" },
        { "GET", "/sdk/v1/stream?environment=mars", "", 404, "environment-not-found" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task bad_input_is_named_and_changes_nothing(string method, string path, string body, int status, string names)
    {
        await platform.Admin.GivenFlag("""{ "key": "present", "type": "boolean" }""");
        var before = await Newest();

        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative)) { Content = body.Length == 0 ? null : Http.Json(body) };
        using var response = await platform.Admin.SendAsync(request, TestContext.Current.CancellationToken);

        ((int)response.StatusCode).ShouldBe(status, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await response.Body();
        var named = problem.TryGetProperty("errors", out var errors) ? errors.EnumerateObject().Select(e => (string?)e.Name) : [problem.Text("code")];
        named.ShouldContain(names, problem.ToString());
        (await Newest()).ShouldBe(before);
    }

    [Fact]
    public async Task a_huge_body_is_refused()
    {
        using var response = await platform.Admin.PostJson("/api/v1/flags", Huge);
        response.StatusCode.ShouldBeOneOf(HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest);
        using var absent = await platform.Admin.GetAsync(new Uri("/api/v1/flags/huge", UriKind.Relative), TestContext.Current.CancellationToken);
        absent.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task a_stale_if_match_is_refused_and_tells_the_version()
    {
        await platform.Admin.GivenFlag("""{ "key": "outdated", "type": "boolean" }""");
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/api/v1/flags/outdated/environments/production", UriKind.Relative)) { Content = Http.Json("""{ "enabled": false }""") };
        request.Headers.TryAddWithoutValidation("If-Match", "\"9\"");

        using var response = await platform.Admin.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await response.Body()).GetProperty("actualVersion").GetInt64().ShouldBe(1);
    }

    private async Task<long> Newest() =>
        (await platform.Admin.GetJson("/api/v1/events?kind=flag&key=present&order=desc&limit=1")).GetProperty("items")[0].GetProperty("sequence").GetInt64();
}
