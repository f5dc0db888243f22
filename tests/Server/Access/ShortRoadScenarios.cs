using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Delivery.Testing;

namespace Delivery.Server.Tests.Access;

/// <summary>The short road, which begins at the web server of a process of its own: as strict as the ordinary one, on a connection that serves one request after the other.</summary>
public sealed partial class ShortRoadScenarios(ShortRoadServerProcess running) : IClassFixture<ShortRoadServerProcess>
{
    private readonly ServerProcess _server = running.Server;
    private readonly HttpClient _one = running.OneConnection;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_request_with_a_known_key_takes_the_short_road()
    {
        var (_, key) = await IssueAsync();
        var before = await TakenAsync();

        // The first request makes the key known, which lasts five seconds; and /metrics may be a moment old.
        do
            (await AskAsync(key)).StatusCode.ShouldBe(HttpStatusCode.OK);
        while (await TakenAsync() == before);
    }

    [Fact]
    public async Task a_key_that_is_revoked_opens_nothing_more_on_its_open_connection()
    {
        var (id, key) = await IssueAsync();
        for (var request = 0; request < 3; request++)
            (await AskAsync(key)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await _server.Http.DeleteAsync($"/api/v1/keys/{id}", Cancel)).EnsureSuccessStatusCode();

        using var refused = await AskAsync(key);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await refused.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errorCode").GetString().ShouldBe("GENERAL");
    }

    [Fact]
    public async Task what_one_request_of_a_connection_presented_opens_nothing_for_the_next()
    {
        var (_, key) = await IssueAsync();
        (await AskAsync(key)).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await AskAsync(null)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(key[..^1] + (key[^1] == 'A' ? 'B' : 'A'))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(null, ("Authorization", "Basic eDp5"), ("X-API-Key", key))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await AskAsync(null, ("Authorization", "Basic eDp5"))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await AskAsync(key)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("short", """{"context":{"targetingKey":"u"}}""", 200, null)]
    [InlineData("unknown", """{"context":{"targetingKey":"u"}}""", 404, "FLAG_NOT_FOUND")]
    [InlineData("short", """{"context":""", 400, "PARSE_ERROR")]
    [InlineData("short", """{"context":{"targetingKey":7}}""", 400, "INVALID_CONTEXT")]
    public async Task every_answer_is_that_of_the_ordinary_road(string flag, string body, int status, string? error)
    {
        var (_, key) = await IssueAsync();
        await AskAsync(key);
        using var byShort = await SendAsync(flag, body, key, isChunked: false);
        using var chunked = await SendAsync(flag, body, key, isChunked: true);
        using var ordinary = await SendAsync(flag, body, key, isChunked: false, ("Origin", "https://elsewhere.example"));

        ((int)byShort.StatusCode).ShouldBe(status);
        var text = await byShort.Content.ReadAsStringAsync(Cancel);
        (await ordinary.Content.ReadAsStringAsync(Cancel)).ShouldBe(text);
        (await chunked.Content.ReadAsStringAsync(Cancel)).ShouldBe(text);
        byShort.Content.Headers.ContentType.ShouldBe(ordinary.Content.Headers.ContentType);
        if (error is not null)
            text.ShouldContain(error);
    }

    [Fact]
    public async Task a_body_larger_than_the_server_takes_is_refused_in_the_protocols_words()
    {
        var (_, key) = await IssueAsync();
        await AskAsync(key);

        // The server ends a connection whose body it does not read on: not the one that other scenarios go on with.
        using var own = new HttpClient { BaseAddress = _server.Http.BaseAddress };
        using var request = Request("short", "{\"context\":{\"targetingKey\":\"" + new string('x', 5_000_000) + "\"}}", key, isChunked: true);
        using var answer = await own.SendAsync(request, Cancel);

        ((int)answer.StatusCode).ShouldBeOneOf(400, 413);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).TryGetProperty("errorCode", out _).ShouldBeTrue();
    }

    private async Task<(string Id, string Key)> IssueAsync()
    {
        using var answer = await _server.Http.PostAsJsonAsync("/api/v1/keys", new { name = "short", role = "client-sdk", environment = "production" }, Cancel);
        var issued = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (issued.GetProperty("id").GetString()!, issued.GetProperty("key").GetString()!);
    }

    private Task<HttpResponseMessage> AskAsync(string? key, params (string Name, string Value)[] headers) =>
        SendAsync("short", """{"context":{"targetingKey":"u"}}""", key, isChunked: false, headers);

    private async Task<HttpResponseMessage> SendAsync(string flag, string body, string? key, bool isChunked, params (string Name, string Value)[] headers)
    {
        using var request = Request(flag, body, key, isChunked, headers);
        return await _one.SendAsync(request, Cancel);
    }

    private static HttpRequestMessage Request(string flag, string body, string? key, bool isChunked, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/ofrep/v1/evaluate/flags/{flag}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = isChunked;
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private async Task<int> TakenAsync()
    {
        var line = Taken().Match(await _server.Http.GetStringAsync("/metrics", Cancel));
        line.Success.ShouldBeTrue("/metrics says how many requests took a short road");
        return int.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^delivery_short_road_requests_total\{[^\n]*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex Taken();
}
