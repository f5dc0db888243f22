using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Delivery.Server.Tests.Pipeline;

public sealed class CommandScenarios(RunningServer running) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_repeated_idempotency_key_gets_the_first_answer_and_changes_nothing()
    {
        using var admin = running.Server.Admin();
        var first = await Put(admin, "twice", "First", "key-1");
        var other = await Put(admin, "twice", "Second", null);
        var again = await Put(admin, "twice", "First", "key-1");

        first.Version.ShouldBe(1);
        other.Version.ShouldBe(2);
        again.ShouldBe((HttpStatusCode.OK, 1L, false));
        (await admin.GetFromJsonAsync<JsonElement>("/api/v1/teams/twice", Cancel)).GetProperty("name").GetString().ShouldBe("Second");
    }

    [Fact]
    public async Task an_idempotency_key_of_another_request_is_refused()
    {
        using var admin = running.Server.Admin();
        await Put(admin, "reused", "First", "key-2");
        var answer = await Send(admin, "reused", "Second", "key-2", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").TryGetProperty("Idempotency-Key", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task a_stale_if_match_is_refused_and_says_which_version_is_there()
    {
        using var admin = running.Server.Admin();
        await Put(admin, "stale", "First", null);
        await Put(admin, "stale", "Second", null);
        var answer = await Send(admin, "stale", "Third", null, "\"1\"");
        answer.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("actualVersion").GetInt64().ShouldBe(2);
        (await Send(admin, "stale", "Third", null, "\"2\"")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Send(admin, "stale", "Fourth", null, "three")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task of_many_writers_at_once_none_is_lost_and_none_half_written()
    {
        using var admin = running.Server.Admin();
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Send(admin, "crowd", $"Writer {i}", null, null)));
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK || a.StatusCode == HttpStatusCode.PreconditionFailed);
        var committed = answers.Count(a => a.StatusCode == HttpStatusCode.OK);
        committed.ShouldBeGreaterThan(0);
        // An event is shown once no lower sequence can still appear: a loser's transaction may be open for a moment.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (await EventsAsync() < committed)
            await Task.Delay(50, patience.Token);
        (await EventsAsync()).ShouldBe(committed);
        var told = (await admin.GetFromJsonAsync<JsonElement>("/api/v1/events?limit=1000", Cancel)).GetProperty("items").EnumerateArray();
        told.Select(e => e.GetProperty("kind").GetString()).ShouldNotContain("mt_tombstone", "the losers of a race did nothing");

        async Task<int> EventsAsync() => (await admin.GetFromJsonAsync<JsonElement>("/api/v1/teams/crowd/events", Cancel)).GetProperty("items").GetArrayLength();
    }

    private static async Task<(HttpStatusCode Status, long Version, bool Changed)> Put(HttpClient admin, string team, string name, string? key)
    {
        var answer = await Send(admin, team, name, key, null);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (answer.StatusCode, body.GetProperty("version").GetInt64(), body.GetProperty("changed").GetBoolean());
    }

    private static Task<HttpResponseMessage> Send(HttpClient admin, string team, string name, string? key, string? ifMatch)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/teams/{team}") { Content = JsonContent.Create(new { name }) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return admin.SendAsync(request, Cancel);
    }
}
