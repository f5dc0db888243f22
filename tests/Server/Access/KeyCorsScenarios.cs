using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Delivery.Server.Tests.Access;

/// <summary>Which pages may use which client key.</summary>
public sealed class KeyCorsScenarios(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Evaluate = "/ofrep/v1/evaluate/flags";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_page_may_call_with_the_key_that_names_its_origin_and_with_no_other()
    {
        var (_, shop) = await IssueAsync("https://shop.example", "http://localhost:3000");
        var (_, blog) = await IssueAsync("https://blog.example:8443");

        Allowed(await CallAsync(shop, "https://shop.example")).ShouldBe("https://shop.example");
        Allowed(await CallAsync(shop, "http://localhost:3000")).ShouldBe("http://localhost:3000");
        Allowed(await CallAsync(shop, "https://blog.example:8443")).ShouldBeNull();
        Allowed(await CallAsync(blog, "https://blog.example:8443")).ShouldBe("https://blog.example:8443");
        Allowed(await CallAsync(blog, "https://shop.example")).ShouldBeNull();
        using var call = await CallAsync(shop, "https://shop.example");
        call.StatusCode.ShouldBe(HttpStatusCode.OK);
        call.Headers.Vary.ShouldContain("Origin");
        call.Headers.GetValues("Access-Control-Expose-Headers").Single().ShouldBe("ETag, Retry-After");
    }

    [Fact]
    public async Task a_preflight_carries_no_key_and_is_answered_for_every_origin_that_some_key_names()
    {
        var (id, _) = await IssueAsync("https://preflight.example");

        using var allowed = await PreflightAsync(Evaluate, "https://preflight.example");
        allowed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        Allowed(allowed).ShouldBe("https://preflight.example");
        allowed.Headers.GetValues("Access-Control-Allow-Methods").Single().ShouldContain("POST");
        allowed.Headers.GetValues("Access-Control-Allow-Headers").Single().ShouldContain("Authorization");
        Allowed(await PreflightAsync(Evaluate, "https://other.example")).ShouldBeNull();
        Allowed(await PreflightAsync("/sdk/v1/exposures", "https://preflight.example")).ShouldBe("https://preflight.example");
        Allowed(await PreflightAsync("/api/v1/flags", "https://preflight.example")).ShouldBeNull();

        await RevokeAsync(id);
        Allowed(await PreflightAsync(Evaluate, "https://preflight.example")).ShouldBeNull();
    }

    [Fact]
    public async Task a_page_can_read_why_it_was_refused()
    {
        await IssueAsync("https://reads.example");

        using var refused = await CallAsync("dlv_client-sdk_00000000000000ee_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "https://reads.example");

        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        Allowed(refused).ShouldBe("https://reads.example");
        (await refused.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errorCode").GetString().ShouldBe("GENERAL");
    }

    private static readonly string[] AsTyped = ["HTTPS://After.Example:443/"];
    private static readonly string[] AsKept = ["https://after.example"];

    [Fact]
    public async Task origins_are_changed_by_an_event_with_who_and_why()
    {
        var (id, key) = await IssueAsync("https://before.example");
        using var admin = running.Server.Admin();

        using var changed = await admin.PutAsJsonAsync($"/api/v1/keys/{id}/allowed-origins", new { allowedOrigins = AsTyped, comment = "the shop moved" }, Cancel);
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);

        Allowed(await CallAsync(key, "https://before.example")).ShouldBeNull();
        Allowed(await CallAsync(key, "https://after.example")).ShouldBe("https://after.example");
        var shown = await admin.GetFromJsonAsync<JsonElement>($"/api/v1/keys/{id}", Cancel);
        shown.GetProperty("allowedOrigins").EnumerateArray().Select(origin => origin.GetString()).ShouldBe(["https://after.example"]);
        var events = await admin.GetFromJsonAsync<JsonElement>($"/api/v1/keys/{id}/events", Cancel);
        var set = events.GetProperty("items").EnumerateArray().Single(e => e.GetProperty("type").GetString() == "key-origins-set");
        set.GetProperty("comment").GetString().ShouldBe("the shop moved");
        set.GetProperty("actor").GetString().ShouldBe("admin");
        using var again = await admin.PutAsJsonAsync($"/api/v1/keys/{id}/allowed-origins", new { allowedOrigins = AsKept }, Cancel);
        (await again.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task a_star_lets_any_page_call()
    {
        var (id, key) = await IssueAsync("*");
        Allowed(await CallAsync(key, "https://anyone.example")).ShouldBe("https://anyone.example");
        Allowed(await PreflightAsync(Evaluate, "https://anyone.example")).ShouldBe("https://anyone.example");

        // Any page is any page: the other tests' preflights, too.
        await RevokeAsync(id);
        Allowed(await PreflightAsync(Evaluate, "https://anyone.example")).ShouldBeNull();
    }

    [Theory]
    [InlineData("client-sdk", "shop.example")]
    [InlineData("client-sdk", "https://shop.example/path")]
    [InlineData("client-sdk", "ftp://shop.example")]
    [InlineData("client-sdk", "")]
    [InlineData("server-sdk", "https://shop.example")]
    public async Task what_is_no_origin_or_no_client_key_is_refused_by_name(string role, string origin)
    {
        using var admin = running.Server.Admin();
        using var answer = await admin.PostAsJsonAsync("/api/v1/keys", new { name = "page", role, environment = "production", allowedOrigins = new[] { origin } }, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty("allowedOrigins", out _).ShouldBeTrue();
    }

    private async Task<(string Id, string Key)> IssueAsync(params string[] origins)
    {
        using var admin = running.Server.Admin();
        using var answer = await admin.PostAsJsonAsync("/api/v1/keys", new { name = "page", role = "client-sdk", environment = "production", allowedOrigins = origins }, Cancel);
        answer.EnsureSuccessStatusCode();
        var issued = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (issued.GetProperty("id").GetString()!, issued.GetProperty("key").GetString()!);
    }

    private async Task RevokeAsync(string id)
    {
        using var admin = running.Server.Admin();
        using var revoked = await admin.DeleteAsync($"/api/v1/keys/{id}", Cancel);
        revoked.EnsureSuccessStatusCode();
    }

    private async Task<HttpResponseMessage> CallAsync(string key, string origin)
    {
        using var page = running.Server.With(key);
        using var request = new HttpRequestMessage(HttpMethod.Post, Evaluate) { Content = JsonContent.Create(new { context = new { targetingKey = "u1" } }) };
        request.Headers.Add("Origin", origin);
        return await page.SendAsync(request, Cancel);
    }

    private async Task<HttpResponseMessage> PreflightAsync(string path, string origin)
    {
        using var page = running.Server.With(null);
        using var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        return await page.SendAsync(request, Cancel);
    }

    private static string? Allowed(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null;
}
