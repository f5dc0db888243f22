using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Metrics.Tests.Http;

public sealed class EventIntakeTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Path = "/sdk/v1/events";
    private const string Good = """{"id":"00000001-0001-0001-0101-010101010101","name":"purchase","unit":"u1","time":"2026-11-23T07:17:00Z"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_batch_is_answered_by_element_and_what_is_good_in_it_is_kept_exactly()
    {
        using var sdk = await running.Server.AsAsync("client-sdk", "production", Cancel);
        using var admin = running.Server.Admin();
        var good = Traffic.Event(1, "checkout \"a\"\n", "ünit-exact");
        good["value"] = 49.900001m;
        good["durationMs"] = 12.3456m;
        good["error"] = true;
        good["properties"] = JsonNode.Parse("""{ "country": "DE", "items": 3, "vip": false, "note": null }""");
        good["flags"] = JsonNode.Parse("""{ "new-checkout": { "version": 7, "variant": "on" } }""");
        var bad = Traffic.Event(2);
        bad["value"] = "NaN";

        var answer = await sdk.SendAsync(Path, [good, bad], null, null, Cancel);

        answer.GetProperty("accepted").GetInt32().ShouldBe(1);
        answer.GetProperty("duplicate").GetBoolean().ShouldBeFalse();
        var rejected = answer.GetProperty("rejected").EnumerateArray().ShouldHaveSingleItem();
        (rejected.GetProperty("index").GetInt32(), rejected.GetProperty("field").GetString()).ShouldBe((1, "value"));

        var kept = (await Events(admin, "unit=%C3%BCnit-exact&flag=new-checkout")).ShouldHaveSingleItem();
        kept["name"]!.GetValue<string>().ShouldBe("checkout \"a\"\n");
        kept["value"]!.GetValue<decimal>().ShouldBe(49.900001m);
        kept["durationMs"]!.GetValue<decimal>().ShouldBe(12.346m);
        kept["error"]!.GetValue<bool>().ShouldBeTrue();
        kept["environment"]!.GetValue<string>().ShouldBe("production");
        kept["properties"]!.ToJsonString().ShouldBe("""{"country":"DE","items":3,"vip":false,"note":null}""");
        kept["flags"]!.ToJsonString().ShouldBe("""{"new-checkout":{"variant":"on","version":7}}""");
    }

    [Fact]
    public async Task a_repeated_batch_changes_nothing_and_gets_the_first_answer()
    {
        using var sdk = await running.Server.AsAsync("server-sdk", "production", Cancel);
        using var admin = running.Server.Admin();
        JsonObject[] elements = [Traffic.Event(10, unit: "twice"), Traffic.Event(11, unit: "twice")];

        var first = await sdk.SendAsync(Path, elements, "worker-1", 1, Cancel);
        var second = await sdk.SendAsync(Path, elements, "worker-1", 1, Cancel);

        (first.GetProperty("accepted").GetInt32(), first.GetProperty("duplicate").GetBoolean()).ShouldBe((2, false));
        (second.GetProperty("accepted").GetInt32(), second.GetProperty("duplicate").GetBoolean()).ShouldBe((2, true));
        (await Events(admin, "unit=twice")).Count.ShouldBe(2);
    }

    [Fact]
    public async Task lines_and_gzip_are_taken()
    {
        using var sdk = await running.Server.AsAsync("client-sdk", "production", Cancel);
        var lines = $"{Traffic.Event(20, unit: "lines").ToJsonString()}\n\nnot json\n{Traffic.Event(21, unit: "lines").ToJsonString()}\n";
        using var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(lines), Cancel);
        using var content = new ByteArrayContent(zipped.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        content.Headers.ContentEncoding.Add("gzip");

        using var response = await sdk.PostAsync(new Uri(Path, UriKind.Relative), content, Cancel);

        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        answer.GetProperty("accepted").GetInt32().ShouldBe(2);
        answer.GetProperty("rejected").EnumerateArray().ShouldHaveSingleItem().GetProperty("index").GetInt32().ShouldBe(1);
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { "$", "17" },
        { "$", "null" },
        { "id", Without("id") },
        { "id", With("id", "\"7\"") },
        { "id", With("id", "7") },
        { "name", Without("name") },
        { "name", With("name", "\"\"") },
        { "name", With("name", $"\"{new string('n', 101)}\"") },
        { "name", With("name", "\"a\\u0000b\"") },
        { "unit", Without("unit") },
        { "unit", With("unit", "null") },
        { "unit", With("unit", $"\"{new string('u', 501)}\"") },
        { "unit", With("unit", "\"\\ud800\"") },
        { "time", Without("time") },
        { "time", With("time", "\"yesterday\"") },
        { "time", With("time", "\"2026-11-23T07:17:00\"") },
        { "time", With("time", "\"1999-12-31T23:59:59Z\"") },
        { "time", With("time", "\"9999-01-01T00:00:00Z\"") },
        { "time", With("time", "1700000000") },
        { "value", With("value", "\"1\"") },
        { "value", With("value", "\"NaN\"") },
        { "value", With("value", "\"Infinity\"") },
        { "value", With("value", "9223372036854.775808") },
        { "value", With("value", "-9223372036854.775808") },
        { "value", With("value", "1e300") },
        { "durationMs", With("durationMs", "-0.001") },
        { "durationMs", With("durationMs", "1e18") },
        { "durationMs", With("durationMs", "true") },
        { "error", With("error", "1") },
        { "error", With("error", "\"true\"") },
        { "properties", With("properties", "[]") },
        { "properties", With("properties", "{\"a\":{}}") },
        { "properties", With("properties", "{\"a\":1,\"a\":2}") },
        { "properties", With("properties", "{\"\":1}") },
        { "properties", With("properties", "{" + string.Join(',', Enumerable.Range(0, 51).Select(i => $"\"p{i.ToString(CultureInfo.InvariantCulture)}\":1")) + "}") },
        { "flags", With("flags", "[]") },
        { "flags", With("flags", "{\"f\":\"on\"}") },
        { "flags", With("flags", "{\"f\":{\"variant\":\"on\"}}") },
        { "flags", With("flags", "{\"f\":{\"version\":1}}") },
        { "flags", With("flags", "{\"f\":{\"variant\":\"on\",\"version\":-1}}") },
        { "flags", With("flags", "{\"f\":{\"variant\":\"on\",\"version\":1,\"x\":1}}") },
        { "flags", With("flags", "{\"f\":{\"variant\":\"on\",\"version\":1},\"f\":{\"variant\":\"on\",\"version\":1}}") },
        { "color", With("color", "\"red\"") },
        { "Name", With("Name", "\"purchase\"") },
        { "name", Good[..^1] + ",\"name\":\"again\"}" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task a_malformed_element_is_rejected_by_index_and_takes_no_other_with_it(string field, string element)
    {
        using var sdk = running.Server.Admin();
        using var content = new StringContent($"[{Good},{element},{Good}]", Encoding.UTF8, "application/json");

        using var response = await sdk.PostAsync(new Uri(Path, UriKind.Relative), content, Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        var rejected = answer.GetProperty("rejected").EnumerateArray().ShouldHaveSingleItem();
        (rejected.GetProperty("index").GetInt32(), rejected.GetProperty("field").GetString()).ShouldBe((1, field));
        rejected.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        answer.GetProperty("accepted").GetInt32().ShouldBe(2);
    }

    [Theory]
    [InlineData(HttpStatusCode.UnsupportedMediaType, "text/plain", "[]", null)]
    [InlineData(HttpStatusCode.BadRequest, "application/json", "", null)]
    [InlineData(HttpStatusCode.BadRequest, "application/json", "{}", null)]
    [InlineData(HttpStatusCode.BadRequest, "application/json", "[NaN]", null)]
    [InlineData(HttpStatusCode.BadRequest, "application/json", "[{", null)]
    [InlineData(HttpStatusCode.BadRequest, "application/json", "[]", "-1")]
    [InlineData(HttpStatusCode.BadRequest, "application/json", "[]", "one")]
    public async Task a_request_that_cannot_be_read_gets_problem_details(HttpStatusCode expected, string contentType, string body, string? batch)
    {
        using var sdk = running.Server.Admin();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body, Encoding.UTF8, contentType) };
        request.Headers.Add("X-Source", "table");
        if (batch is not null)
            request.Headers.Add("X-Batch", batch);

        using var response = await sdk.SendAsync(request, Cancel);

        response.StatusCode.ShouldBe(expected);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Fact]
    public async Task nobody_without_a_key_sends_events_and_an_sdk_key_reads_none()
    {
        using var nobody = running.Server.With(null);
        using var sdk = await running.Server.AsAsync("server-sdk", "production", Cancel);

        (await nobody.PostAsJsonAsync(Path, Array.Empty<int>(), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await sdk.GetAsync(new Uri("/api/v1/metrics/events", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await sdk.GetAsync(new Uri("/api/v1/releases/health?environment=production&flag=f&variant=v", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static async Task<IReadOnlyList<JsonNode>> Events(HttpClient client, string query)
    {
        var page = await client.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/events?{query}", Cancel);
        return [.. page!["items"]!.AsArray().Select(item => item!)];
    }

    private static string Without(string member) => Change(element => element.Remove(member));

    private static string With(string member, string json) => Without(member)[..^1] + $",\"{member}\":{json}}}";

    private static string Change(Action<JsonObject> change)
    {
        var element = JsonNode.Parse(Good)!.AsObject();
        change(element);
        return element.ToJsonString();
    }
}
