using System.Net;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Auditing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Rollouts.Tests.Http;

/// <summary>Bad input to each endpoint: the right problem, and nothing changed.</summary>
public sealed class BadInput(RolloutServer server) : IClassFixture<RolloutServer>, IAsyncLifetime
{
    private const string Path = "/api/v1/rollouts";

    public async ValueTask InitializeAsync()
    {
        server.Seams.AddFlag("f");
        server.Seams.AddFlag("archived").Archived = true;
        server.Seams.AddFlag("taken");
        (await server.PostAsync(Path, new { key = "taken", flag = "taken" })).StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.Conflict);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("""{"key":"x","flag":"f","colour":1}""", 400, "colour")]
    [InlineData("""{"key":"x"}""", 400, "flag")]
    [InlineData("""{"flag":"f"}""", 400, "key")]
    [InlineData("""{"key":1,"flag":"f"}""", 400, "key")]
    [InlineData("""{"key":"x","key":"y","flag":"f"}""", 400, "key")]
    [InlineData("""{"key":"x","flag":""", 400, null)]
    [InlineData("[]", 400, null)]
    [InlineData("null", 400, null)]
    [InlineData("""{"key":"X y","flag":"f"}""", 400, "key")]
    [InlineData("""{"key":"x","flag":"nothing"}""", 400, "flag")]
    [InlineData("""{"key":"x","flag":"f","environment":"moon"}""", 400, "environment")]
    [InlineData("""{"key":"x","flag":"f","variant":"off"}""", 400, "variant")]
    [InlineData("""{"key":"x","flag":"f","variant":"blue"}""", 400, "variant")]
    [InlineData("""{"key":"x","flag":"f","blindAfterSeconds":0}""", 400, "blindAfterSeconds")]
    [InlineData("""{"key":"x","flag":"f","stages":[]}""", 400, "stages")]
    [InlineData("""{"key":"x","flag":"f","stages":[null]}""", 400, "stages[0]")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"name":"a"}]}""", 400, "stages[0].exposurePercent")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":101}]}""", 400, "stages[0].exposurePercent")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":1.00001}]}""", 400, "stages[0].exposurePercent")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":0}]}""", 400, "stages[0].ring")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":5},{"exposurePercent":5,"name":"b"}]}""", 400, "stages[1].exposurePercent")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":5,"name":"a"},{"exposurePercent":6,"name":"a"}]}""", 400, "stages[1].name")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":5,"ring":{"planet":"moon"}}]}""", 400, "stages[0].ring")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":5,"minimumSeconds":-1}]}""", 400, "stages[0].minimumSeconds")]
    [InlineData("""{"key":"x","flag":"f","stages":[{"exposurePercent":5,"minimumExposures":-1}]}""", 400, "stages[0].minimumExposures")]
    [InlineData("""{"key":"x","flag":"f","ring":{"segment":"dev"},"stages":[{"exposurePercent":5}]}""", 400, "ring")]
    [InlineData("""{"key":"x","flag":"f","breaker":{"alpha":1}}""", 400, "breaker.alpha")]
    [InlineData("""{"key":"x","flag":"f","breaker":{"toleratedRatio":0.5}}""", 400, "breaker.toleratedRatio")]
    [InlineData("""{"key":"x","flag":"f","breaker":{"strictToleratedRatio":3}}""", 400, "breaker.strictToleratedRatio")]
    [InlineData("""{"key":"x","flag":"f","guardrails":[{"metric":"speed"}]}""", 400, "guardrails[0].metric")]
    [InlineData("""{"key":"x","flag":"f","guardrails":[{"metric":"errors"},{"metric":"errors"}]}""", 400, "guardrails[1].metric")]
    [InlineData("""{"key":"x","flag":"f","guardrails":[{"metric":"errors","marginMilliseconds":5}]}""", 400, "guardrails[0].marginMilliseconds")]
    [InlineData("""{"key":"x","flag":"f","guardrails":[{"metric":"latency-p95","marginPercent":5,"marginMilliseconds":5}]}""", 400, "guardrails[0]")]
    [InlineData("""{"key":"x","flag":"f","guardrails":[{"metric":"latency-p95","alpha":0.5}]}""", 400, "guardrails[0].alpha")]
    [InlineData("""{"key":"x","flag":"archived"}""", 409, null)]
    [InlineData("""{"key":"taken","flag":"f"}""", 409, null)]
    [InlineData("""{"key":"x","flag":"taken"}""", 409, null)]
    public Task a_bad_plan_is_refused_by_field(string body, int status, string? field) => Refused(HttpMethod.Post, Path, body, status, field);

    [Theory]
    [InlineData("start", """{"why":"x"}""", 400, "why")]
    [InlineData("start", """{"comment":1}""", 400, "comment")]
    [InlineData("pause", "{", 400, null)]
    [InlineData("pause", "{}", 409, null)]
    [InlineData("resume", "[]", 400, null)]
    [InlineData("resume", "{}", 409, null)]
    [InlineData("approve", """{"stage":5}""", 400, "stage")]
    [InlineData("approve", "{}", 409, null)]
    [InlineData("abort", """{"reason":[]}""", 400, "reason")]
    public Task a_bad_word_to_a_draft_is_refused(string word, string body, int status, string? field) =>
        Refused(HttpMethod.Post, $"{Path}/taken/{word}", body, status, field);

    [Theory]
    [InlineData("GET", "nothing")]
    [InlineData("GET", "nothing/evidence")]
    [InlineData("POST", "nothing/start")]
    [InlineData("POST", "nothing/pause")]
    [InlineData("POST", "nothing/resume")]
    [InlineData("POST", "nothing/approve")]
    [InlineData("POST", "nothing/abort")]
    public Task an_unknown_rollout_is_not_found(string method, string path) =>
        Refused(new HttpMethod(method), $"{Path}/{path}", method == "POST" ? "{}" : null, 404, null);

    [Theory]
    [InlineData("?status=sleeping", "status")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?after=nothing", "after")]
    public Task a_bad_list_query_is_refused(string query, string field) => Refused(HttpMethod.Get, Path + query, null, 400, field);

    [Fact]
    public Task a_body_of_the_wrong_type_is_refused() => Refused(HttpMethod.Post, Path, "key=x", 415, null, contentType: "text/plain");

    [Fact]
    public Task a_stale_version_is_refused() => Refused(HttpMethod.Post, $"{Path}/taken/start", "{}", 412, null, ifMatch: "\"7\"");

    [Fact]
    public Task an_unreadable_version_is_refused() => Refused(HttpMethod.Post, $"{Path}/taken/start", "{}", 400, "If-Match", ifMatch: "\"new\"");

    [Fact]
    public Task a_comment_that_is_too_long_is_refused() =>
        Refused(HttpMethod.Post, $"{Path}/taken/abort", JsonSerializer.Serialize(new { reason = new string('x', 2_001) }), 400, "reason");

    [Fact]
    public async Task without_a_key_or_with_an_sdk_key_there_is_no_answer()
    {
        using var stranger = server.With(null);
        (await stranger.GetAsync(Path, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private async Task Refused(
        HttpMethod method, string path, string? body, int status, string? field, string contentType = "application/json", string? ifMatch = null)
    {
        var before = await EventsAsync();
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, contentType);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var response = await server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(text);
        problem.RootElement.GetProperty("code").GetString().ShouldNotBeNullOrEmpty();
        if (field is not null)
            problem.RootElement.GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldContain(field, text);
        (await EventsAsync()).ShouldBe(before);
    }

    private async Task<int> EventsAsync()
    {
        await using var scope = server.Services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ISender>()
            .Send(new ReadEvents(new EventFilter(Kind: "rollout"), null, 1_000), TestContext.Current.CancellationToken)).Count;
    }
}
