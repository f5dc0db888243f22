using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Testing;

namespace Delivery.Server.Tests.Access;

public sealed class KeyScenarios(RunningServer running) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_key_opens_until_it_is_revoked_and_its_secret_is_shown_once()
    {
        using var admin = running.Server.Admin();
        var issued = await Issue(admin, new { name = "olga", role = "operator", comment = "for the release desk" });
        using var olga = running.Server.With(issued.GetProperty("key").GetString());
        (await olga.GetAsync("/api/v1/events", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var listed = await admin.GetStringAsync("/api/v1/keys", Cancel);
        listed.ShouldContain("olga");
        listed.ShouldNotContain(issued.GetProperty("key").GetString()![^43..]);

        var id = issued.GetProperty("id").GetString();
        (await admin.DeleteAsync($"/api/v1/keys/{id}", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await olga.GetAsync("/api/v1/events", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await (await admin.DeleteAsync($"/api/v1/keys/{id}", Cancel)).Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("operator", "GET", "/api/v1/keys", "'admin'.")]
    [InlineData("server-sdk", "GET", "/api/v1/events", "'operator' or higher.")]
    [InlineData("client-sdk", "GET", "/sdk/v1/ruleset", "'server-sdk' or higher.")]
    [InlineData("client-sdk", "GET", "/metrics", "'operator' or higher.")]
    public async Task a_role_that_does_not_reach_is_forbidden_and_told_which_does(string role, string method, string path, string needed)
    {
        using var client = await running.Server.AsAsync(role, role.EndsWith("sdk", StringComparison.Ordinal) ? "production" : null, Cancel);
        var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        problem.GetProperty("code").GetString().ShouldBe("forbidden");
        problem.GetProperty("detail").GetString()!.ShouldEndWith(needed);
    }

    [Theory]
    [InlineData("dlv_admin_00000000000000aa_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")]
    [InlineData("dlv_admin_00000000000000ff_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("not a key")]
    [InlineData("")]
    public async Task a_wrong_key_opens_nothing(string key)
    {
        using var client = running.Server.With(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-API-Key", key);
        (await client.GetAsync("/api/v1/events", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task the_x_api_key_header_opens_too()
    {
        using var client = running.Server.With(null);
        client.DefaultRequestHeaders.Add("X-API-Key", DeliveryServer.AdminKey);
        (await client.GetAsync("/api/v1/keys", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    public static TheoryData<string, string, int> BadKeys => new()
    {
        { """{ "role": "operator" }""", "name", 400 },
        { """{ "name": "x", "role": "king" }""", "role", 400 },
        { """{ "name": "x", "role": 4 }""", "role", 400 },
        { """{ "name": "", "role": "operator" }""", "name", 400 },
        { """{ "name": "x", "role": "server-sdk" }""", "environment", 400 },
        { """{ "name": "x", "role": "operator", "environment": "production" }""", "environment", 400 },
        { """{ "name": "x", "role": "server-sdk", "environment": "nowhere" }""", "environment", 400 },
        { """{ "name": "x", "role": "operator", "colour": "red" }""", "colour", 400 },
        { """{ "name": "x", "name": "y", "role": "operator" }""", "name", 400 },
        { """{ "name": "x", """, "$", 400 },
        { "null", "$", 400 },
        { "[]", "$", 400 },
    };

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task bad_input_names_the_field_and_changes_nothing(string body, string field, int status)
    {
        using var admin = running.Server.Admin();
        var before = await admin.GetStringAsync("/api/v1/keys", Cancel);
        var answer = await admin.PostAsync("/api/v1/keys", new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")), Cancel);
        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        problem.GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldContain(field, problem.ToString());
        (await admin.GetStringAsync("/api/v1/keys", Cancel)).ShouldBe(before);
    }

    [Fact]
    public async Task a_body_of_another_type_or_size_is_refused()
    {
        using var admin = running.Server.Admin();
        var text = await admin.PostAsync("/api/v1/keys", new StringContent("name=x"), Cancel);
        text.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await admin.DeleteAsync("/api/v1/keys/ffffffffffffffff", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("/sdk/v1/exposures")]
    [InlineData("/sdk/v1/events")]
    public async Task an_operator_who_names_an_unknown_environment_is_told(string path)
    {
        using var admin = running.Server.Admin();
        var answer = await admin.PostAsync($"{path}?environment=nowhere", JsonContent.Create(Array.Empty<object>()), Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString().ShouldBe("environment-not-found");
    }

    private static async Task<JsonElement> Issue(HttpClient admin, object key)
    {
        var answer = await admin.PostAsJsonAsync("/api/v1/keys", key, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }
}
