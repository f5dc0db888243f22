using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Delivery.Targeting.Tests.Live;
using Delivery.Testing;

namespace Delivery.Targeting.Tests.Populations;

[Collection(typeof(Platform))]
public sealed class MemberScenarios(PlatformFixture platform, PostgresFixture postgres)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task units_are_added_and_removed_by_events_that_name_only_them()
    {
        await Segment("few", "u1", "u2");
        await FlagFor("few");

        (await Json("few", """{ "add": ["u2", "u3"], "remove": ["u1", "u9"], "comment": "moved" }""")).GetProperty("version").GetInt64().ShouldBe(3);

        (await Variant("for-few", "u1")).ShouldBe("off");
        (await Variant("for-few", "u3")).ShouldBe("on");
        var events = (await platform.Admin.GetJson("/api/v1/segments/few/events")).GetProperty("items").EnumerateArray().Select(e => (Type: e.Text("type"), Data: e.GetProperty("data"))).ToList();
        events.Select(e => e.Type).ShouldBe(["segment-defined", "segment-members-removed", "segment-members-added"]);
        events[1].Data.GetProperty("units").EnumerateArray().Select(u => u.GetString()).ShouldBe(["u1"]);
        events[2].Data.GetProperty("units").EnumerateArray().Select(u => u.GetString()).ShouldBe(["u3"]);
        (await Json("few", """{ "add": ["u2", "u3"], "remove": ["u1"] }""")).GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task an_upload_of_lines_adds_removes_and_replaces()
    {
        await Segment("lines");

        var added = await Upload("lines", "\"a\"\n{ \"unit\": \"b\" }\n\n\"a\"\r\n\"ü\"");
        (added.GetProperty("read").GetInt32(), added.GetProperty("count").GetInt32()).ShouldBe((4, 3));
        (await Upload("lines", "unit,name\n\"c,\"\"d\",Ann\nb,Bob\n", "text/csv", "mode=remove")).GetProperty("count").GetInt32().ShouldBe(2);
        (await Upload("lines", "unit\r\n\"c,\"\"d\",Ann\r\na,Eve\r\n", "text/csv", "mode=replace")).GetProperty("count").GetInt32().ShouldBe(2);
        (await Upload("lines", "\"z\"", query: "list=excluded")).GetProperty("list").GetString().ShouldBe("excluded");

        (await Lines("lines")).ShouldBe(["\"a\"", JsonSerializer.Serialize("c,\"d", Contracts.Http.Json.Options)], ignoreOrder: true);
        (await Lines("lines", "?list=excluded")).ShouldBe(["\"z\""]);
        var shown = await platform.Admin.GetJson("/api/v1/segments/lines");
        (shown.GetProperty("includedCount").GetInt32(), shown.GetProperty("excludedCount").GetInt32()).ShouldBe((2, 1));
    }

    [Theory]
    [InlineData("\"a\"\n7\n", "application/x-ndjson", "", "line[2]")]
    [InlineData("\"a\"\n\"\"\n", "application/x-ndjson", "", "line[2]")]
    [InlineData("\"a\"\n\"b\\u0000\"\n", "application/x-ndjson", "", "line[2]")]
    [InlineData("{ \"name\": \"a\" }", "application/x-ndjson", "", "line[1]")]
    [InlineData("unit\n\"open", "text/csv", "", "line[2]")]
    [InlineData("\"a\"", "application/x-ndjson", "list=both", "list")]
    [InlineData("\"a\"", "application/x-ndjson", "mode=1", "mode")]
    [InlineData("""{ "add": [null] }""", "application/json", "", "add[0]")]
    [InlineData("""{ "add": [""] }""", "application/json", "", "add[0]")]
    [InlineData("""{ "adds": ["u"] }""", "application/json", "", "adds")]
    [InlineData("x", "text/plain", "", "Content-Type")]
    public async Task a_bad_upload_names_the_line_or_field(string body, string type, string query, string field)
    {
        await Segment("bad-lines");
        using var response = await Send("bad-lines", body, type, query);

        response.StatusCode.ShouldBeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.UnsupportedMediaType);
        (await response.Body()).GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldBe([field]);
    }

    [Fact]
    public async Task more_than_the_limit_is_refused_and_names_it()
    {
        await Segment("limited");
        using var tooMany = await Send("limited", JsonSerializer.Serialize(new { add = Enumerable.Range(0, 10_001).Select(i => $"u{i}") }), "application/json", "");
        (await tooMany.Body()).GetProperty("errors").GetProperty("add")[0].GetString()!.ShouldContain("10000");
        using var unknown = await Send("not-there", "\"a\"", "application/x-ndjson", "");
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task a_long_list_is_kept_in_portions_and_a_change_of_it_is_as_small_as_the_change()
    {
        await Segment("long");
        await FlagFor("long");
        await Upload("long", Many(0, 25_000));
        using var sdk = await platform.Server.AsAsync("server-sdk", "production", Stop);
        await using var stream = await SseReader.OpenAsync(sdk, "/sdk/v1/stream?parts=true");
        var whole = await stream.NextAsync();
        whole.Data.Length.ShouldBeGreaterThan(25_000 * 10);

        // A layer and another segment: neither sends the list again.
        await Segment("unrelated", "u1");
        await platform.Admin.PutJson("/api/v1/layers/unrelated", """{ "slots": [ { "flag": "for-long", "start": 0, "end": 10000 } ] }""");
        await Json("long", """{ "add": ["late"], "remove": ["user-7"] }""");
        await platform.Admin.PutJson("/api/v1/segments/long", JsonSerializer.Serialize(new { included = Enumerable.Range(1, 25_000).Select(i => $"user-{i}").Append("late") }));
        List<(string Type, int Length)> frames = [];
        for (var i = 0; i < 6; i++)
        {
            var frame = await stream.NextAsync();
            frames.Add((frame.EventType, frame.Data.Length));
        }

        frames.Select(frame => frame.Type).ShouldBe(["segment", "layer", "segment-members", "segment-members", "segment-members", "segment-members"]);
        frames.ShouldAllBe(frame => frame.Length < 1_000);
        (await Variant("for-long", "user-7")).ShouldBe("on");
        (await Variant("for-long", "user-0")).ShouldBe("off");
        (await Variant("for-long", "user-25000")).ShouldBe("on");
        var events = await platform.Admin.GetJson("/api/v1/segments/long/events?limit=100");
        events.GetProperty("items").EnumerateArray().ShouldAllBe(e => e.GetProperty("data").GetRawText().Length < 400_000);
        (await platform.Admin.GetJson("/api/v1/segments/long")).GetProperty("segment").GetProperty("included").GetArrayLength().ShouldBe(0);

        // Who was away gets what it missed.
        var known = JsonDocument.Parse(whole.Data).RootElement.GetProperty("sequence").GetInt64();
        await using var resumed = await SseReader.OpenAsync(sdk, $"/sdk/v1/stream?parts=true&sequence={known}");
        (await resumed.NextAsync()).EventType.ShouldBe("segment");
    }

    [Fact]
    public async Task a_long_list_was_in_the_past_what_it_was_then()
    {
        await Segment("past-long");
        await FlagFor("past-long");
        await Upload("past-long", Many(0, 12_000));
        var then = (await platform.Admin.GetJson("/api/v1/segments/past-long")).GetProperty("sequence").GetInt64();
        await Json("past-long", """{ "add": ["late"], "remove": ["user-11999"] }""");

        (await Variant("for-past-long", "user-11999")).ShouldBe("off");
        (await Variant("for-past-long", "user-11999", $"?at={then}")).ShouldBe("on");
        (await Variant("for-past-long", "late", $"?at={then}")).ShouldBe("off");
        (await Variant("for-past-long", "late")).ShouldBe("on");
    }

    [Fact]
    public async Task a_server_that_starts_has_the_lists_and_an_export_can_be_taken_back()
    {
        var database = await postgres.CreateDatabaseAsync("members");
        string export;
        await using (var first = new DeliveryServer(database))
        {
            using var admin = first.Admin();
            await admin.PutJson("/api/v1/segments/kept", """{ "included": ["u1"] }""");
            using var uploaded = await Send(admin, "kept", Many(0, 12_000), "application/x-ndjson", "");
            await uploaded.Json();
            (await admin.PostJson("/api/v1/segments/kept/members", """{ "remove": ["u1", "user-5"], "add": ["late"] }""")).StatusCode.ShouldBe(HttpStatusCode.OK);
            export = (await admin.GetJson("/api/v1/export")).GetRawText();
        }

        await using var second = new DeliveryServer(database);
        using var again = second.Admin();
        var kept = await again.GetJson("/api/v1/segments/kept");
        kept.GetProperty("includedCount").GetInt32().ShouldBe(12_000);
        var lines = await again.GetStringAsync(new Uri("/api/v1/segments/kept/members", UriKind.Relative), Stop);
        lines.ShouldNotContain("\"user-5\"\n");
        lines.ShouldContain("\"late\"\n");
        using var unchanged = await again.PostJson("/api/v1/import/delivery", export);
        (await unchanged.Json()).GetProperty("changed").GetBoolean().ShouldBeFalse();
        await again.PostJson("/api/v1/segments/kept/members", """{ "remove": ["late"] }""");
        using var back = await again.PostJson("/api/v1/import/delivery", export);
        (await back.Json()).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await again.GetJson("/api/v1/segments/kept/events?order=desc&limit=1")).GetProperty("items")[0].GetProperty("data").GetProperty("units")[0].GetString().ShouldBe("late");
    }

    /// <summary>Not in CI: half a minute of a busy machine. The numbers are in the module's README.</summary>
    [Fact(Explicit = true)]
    public async Task a_million_ids_are_uploaded_asked_and_loaded_at_a_start()
    {
        var database = await postgres.CreateDatabaseAsync("million");
        var output = TestContext.Current.TestOutputHelper!;
        await using (var server = new DeliveryServer(database))
        {
            using var admin = server.Admin();
            admin.Timeout = TimeSpan.FromMinutes(5);
            await admin.PutJson("/api/v1/segments/million", "{}");
            var body = Many(0, 1_000_000);
            var started = Stopwatch.GetTimestamp();
            using var uploaded = await Send(admin, "million", body, "application/x-ndjson", "");
            (await uploaded.Json()).GetProperty("count").GetInt32().ShouldBe(1_000_000);
            output.WriteLine($"upload: {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s for {body.Length / 1e6:0.0} MB");
            started = Stopwatch.GetTimestamp();
            await admin.PostJson("/api/v1/segments/million/members", """{ "add": ["one-more"], "remove": ["user-1"] }""");
            output.WriteLine($"one unit in, one out: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:0} ms");
            using var tooMany = await Send(admin, "million", "\"beyond\"", "application/x-ndjson", "");
            (await tooMany.Body()).GetProperty("errors").GetProperty("add")[0].GetString()!.ShouldContain("1000000");
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var start = Stopwatch.GetTimestamp();
        await using var second = new DeliveryServer(database);
        using var again = second.Admin();
        (await again.GetJson("/api/v1/segments/million")).GetProperty("includedCount").GetInt32().ShouldBe(1_000_000);
        output.WriteLine($"start with it: {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s, {(GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6:0} MB more in use, for both environments");
    }

    private static string Many(int from, int count)
    {
        var lines = new StringBuilder(count * 14);
        for (var i = from; i < from + count; i++)
            lines.Append("\"user-").Append(i).Append("\"\n");
        return lines.ToString();
    }

    private async Task Segment(string key, params string[] units)
    {
        using var response = await platform.Admin.PutJson($"/api/v1/segments/{key}", JsonSerializer.Serialize(new { included = units }));
        await response.Json();
    }

    private Task FlagFor(string segment) => platform.Admin.GivenFlag($$"""
        { "key": "for-{{segment}}", "type": "boolean", "environments": { "production": { "rules": [ { "id": "s", "condition": { "segment": "{{segment}}" }, "serve": { "variant": "on" } } ] } } }
        """);

    private async Task<JsonElement> Json(string segment, string body)
    {
        using var response = await Send(segment, body, "application/json", "");
        return await response.Json();
    }

    private async Task<JsonElement> Upload(string segment, string body, string type = "application/x-ndjson", string query = "")
    {
        using var response = await Send(segment, body, type, query);
        return await response.Json();
    }

    private Task<HttpResponseMessage> Send(string segment, string body, string type, string query) => Send(platform.Admin, segment, body, type, query);

    private static async Task<HttpResponseMessage> Send(HttpClient client, string segment, string body, string type, string query)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return await client.PostAsync(new Uri($"/api/v1/segments/{segment}/members?{query}", UriKind.Relative), content, Stop);
    }

    private async Task<string[]> Lines(string segment, string query = "") =>
        (await platform.Admin.GetStringAsync(new Uri($"/api/v1/segments/{segment}/members{query}", UriKind.Relative), Stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<string?> Variant(string flag, string unit, string query = "")
    {
        using var response = await platform.Admin.PostJson($"/api/v1/evaluate{query}", $$"""{ "flag": "{{flag}}", "context": { "targetingKey": "{{unit}}" } }""");
        return (await response.Json()).Text("variant");
    }
}
