using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Delivery.Server.Tests.Auditing;

public sealed class EventStreamScenarios(RunningServer running) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_change_tells_who_what_when_why_and_in_which_conversation()
    {
        using var admin = running.Server.Admin();
        admin.DefaultRequestHeaders.Add("X-Correlation-Id", "conversation-1");
        await Team(admin, "alpha", "because they own it");

        var page = await Events(admin, "/api/v1/teams/alpha/events");
        var told = page.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        told.GetProperty("type").GetString().ShouldBe("team-set");
        told.GetProperty("kind").GetString().ShouldBe("team");
        told.GetProperty("actor").GetString().ShouldBe("admin");
        told.GetProperty("comment").GetString().ShouldBe("because they own it");
        told.GetProperty("correlationId").GetString().ShouldBe("conversation-1");
        told.GetProperty("version").GetInt64().ShouldBe(1);
        told.GetProperty("data").GetProperty("name").GetString().ShouldBe("alpha");
        (await Events(admin, "/api/v1/events?correlation=conversation-1")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task events_are_paged_by_sequence_without_gap_or_repeat_in_both_directions()
    {
        using var admin = running.Server.Admin();
        foreach (var i in Enumerable.Range(0, 7))
            await Team(admin, $"paged-{i}", null);

        var all = (await Events(admin, "/api/v1/events?limit=1000")).GetProperty("items").EnumerateArray().Select(Sequence).ToList();
        all.ShouldBeInOrder();
        (await Walk(admin, "asc")).ShouldBe(all);
        (await Walk(admin, "desc")).ShouldBe(Enumerable.Reverse(all));
    }

    [Fact]
    public async Task filters_narrow_by_kind_key_actor_type_and_time()
    {
        using var admin = running.Server.Admin();
        await Team(admin, "filtered", null);
        var one = (await Events(admin, "/api/v1/events?kind=team&key=filtered")).GetProperty("items")[0];
        var time = Uri.EscapeDataString(one.GetProperty("time").GetString()!);

        (await Count(admin, "kind=teams&key=filtered&actor=admin&type=team-set")).ShouldBe(1);
        (await Count(admin, "kind=team&key=filtered&actor=somebody")).ShouldBe(0);
        (await Count(admin, "kind=team&key=filtered&type=team-gone")).ShouldBe(0);
        (await Count(admin, $"kind=team&key=filtered&from={time}")).ShouldBe(1);
        (await Count(admin, $"kind=team&key=filtered&to={time}")).ShouldBe(0);
    }

    [Fact]
    public async Task ndjson_gives_every_event_a_line_and_secrets_never_show()
    {
        using var admin = running.Server.Admin();
        admin.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        var answer = await admin.GetAsync("/api/v1/events", Cancel);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/x-ndjson");
        var lines = (await answer.Content.ReadAsStringAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("type").GetString()).ShouldContain("key-issued");
        lines.ShouldAllBe(l => !l.Contains("secretHash", StringComparison.Ordinal));
    }

    [Fact]
    public async Task the_stream_sends_what_happens_and_goes_on_after_a_sequence()
    {
        using var admin = running.Server.Admin();
        var newest = Sequence((await Events(admin, "/api/v1/events?order=desc&limit=1")).GetProperty("items")[0]);
        using var stream = await admin.GetStreamAsync($"/api/v1/events/stream?after={newest}&kind=team", Cancel);
        await Team(admin, "streamed", null);

        using var reader = new StreamReader(stream);
        var lines = new List<string>();
        while (await reader.ReadLineAsync(Cancel) is { } line && !(line.Length == 0 && lines.Exists(l => l.StartsWith("data: ", StringComparison.Ordinal))))
            lines.Add(line);
        lines.ShouldContain("event: team-set");
        lines.ShouldContain(l => l.StartsWith("data: ", StringComparison.Ordinal) && l.Contains("\"key\":\"streamed\"", StringComparison.Ordinal));
        lines.ShouldContain(l => l.StartsWith("id: ", StringComparison.Ordinal) && long.Parse(l.Substring(4)) > newest);
    }

    [Theory]
    [InlineData("after=minus", "after")]
    [InlineData("after=-1", "after")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("from=yesterday", "from")]
    [InlineData("order=up", "order")]
    public async Task a_bad_query_names_the_parameter(string query, string field)
    {
        using var admin = running.Server.Admin();
        var answer = await admin.GetAsync($"/api/v1/events?{query}", Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    private static long Sequence(JsonElement e) => e.GetProperty("sequence").GetInt64();

    private static async Task<List<long>> Walk(HttpClient admin, string order)
    {
        var seen = new List<long>();
        var after = "";
        while (true)
        {
            var page = await Events(admin, $"/api/v1/events?limit=3&order={order}{after}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(Sequence));
            if (!page.TryGetProperty("next", out var next))
                return seen;
            after = $"&after={next.GetInt64()}";
        }
    }

    private static async Task<int> Count(HttpClient admin, string query) =>
        (await Events(admin, $"/api/v1/events?{query}")).GetProperty("items").GetArrayLength();

    private static Task<JsonElement> Events(HttpClient admin, string path) => admin.GetFromJsonAsync<JsonElement>(path, Cancel);

    private static async Task Team(HttpClient admin, string key, string? comment) =>
        (await admin.PutAsJsonAsync($"/api/v1/teams/{key}", new { name = key, comment }, Cancel)).EnsureSuccessStatusCode();
}
