using System.Net;
using Delivery.Targeting.Live;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Targeting.Tests.Live;

/// <summary>Two servers on one database.</summary>
public sealed class SeveralServers(PostgresFixture postgres) : IAsyncLifetime
{
    private const int Rounds = 12;
    private readonly List<HttpClient> _clients = [];
    private DeliveryServer _one = null!;
    private DeliveryServer _other = null!;

    private HttpClient One => _clients[0];

    private HttpClient Other => _clients[1];

    public async ValueTask InitializeAsync()
    {
        var database = await postgres.CreateDatabaseAsync("several");
        _one = new DeliveryServer(database);
        _clients.Add(_one.Admin());
        _other = new DeliveryServer(database);
        _clients.Add(_other.Admin());
    }

    [Fact]
    public async Task a_change_on_one_server_is_evaluated_by_the_other_within_a_second_kills_included()
    {
        await One.GivenFlag("""{ "key": "shared", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");
        await Until(Other, "shared", "on");

        await One.PostJson("/api/v1/flags/shared/environments/production/kill", "{}");
        await Until(Other, "shared", "off");

        // The other way round, and what is no flag.
        await Other.PostJson("/api/v1/flags/shared/environments/production/restore", "{}");
        await Until(One, "shared", "on");
        await Other.PutJson("/api/v1/holdouts/all", """{ "heldOutPartsPerMillion": 1000000, "flags": ["shared"] }""");
        await Until(One, "shared", "off");
        await Other.PostJson("/api/v1/environments", """{ "key": "third" }""");
        await Until(One, "shared", "off", "third");
    }

    [Fact]
    public async Task a_change_reaches_the_open_streams_of_the_other_server()
    {
        await One.GivenFlag("""{ "key": "streamed", "type": "boolean" }""");
        await Until(Other, "streamed", "off");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        using var response = await Other.GetAsync(
            new Uri("/sdk/v1/stream?environment=production", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        (await Event(reader, limit.Token)).ShouldBe("ruleset");

        await One.PostJson("/api/v1/flags/streamed/environments/production/kill", "{}");

        (await Event(reader, limit.Token)).ShouldBe("flag");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task two_writes_at_once_never_make_a_cycle_of_segments(bool onTwoServers)
    {
        var second = onTwoServers ? Other : One;
        for (var round = 0; round < Rounds; round++)
        {
            var (a, b) = ($"a-{onTwoServers}-{round}".ToLowerInvariant(), $"b-{onTwoServers}-{round}".ToLowerInvariant());
            await Written(One.PutJson($"/api/v1/segments/{a}", """{ "included": ["u1"] }"""));
            await Written(One.PutJson($"/api/v1/segments/{b}", """{ "included": ["u1"] }"""));

            var answers = await Task.WhenAll(
                One.PutJson($"/api/v1/segments/{a}", $$"""{ "condition": { "segment": "{{b}}" } }"""),
                second.PutJson($"/api/v1/segments/{b}", $$"""{ "condition": { "segment": "{{a}}" } }"""));

            await OneWasRefused(answers, "condition.segment");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task two_writes_at_once_never_make_a_cycle_of_prerequisites(bool onTwoServers)
    {
        var second = onTwoServers ? Other : One;
        for (var round = 0; round < Rounds; round++)
        {
            var (a, b) = ($"fa-{onTwoServers}-{round}".ToLowerInvariant(), $"fb-{onTwoServers}-{round}".ToLowerInvariant());
            await One.GivenFlag($$"""{ "key": "{{a}}", "type": "boolean" }""");
            await One.GivenFlag($$"""{ "key": "{{b}}", "type": "boolean" }""");

            var answers = await Task.WhenAll(
                One.PutJson($"/api/v1/flags/{a}/environments/production", $$"""{ "prerequisites": [ { "flag": "{{b}}", "variants": ["on"] } ] }"""),
                second.PutJson($"/api/v1/flags/{b}/environments/production", $$"""{ "prerequisites": [ { "flag": "{{a}}", "variants": ["on"] } ] }"""));

            await OneWasRefused(answers, "prerequisites[0].flag");
        }
    }

    [Fact]
    public async Task a_kill_does_not_wait_at_the_gate()
    {
        await One.GivenFlag("""{ "key": "urgent", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");
        await using (await _one.Services.GetRequiredService<WriteGate>().EnterAsync(TestContext.Current.CancellationToken))
            await Written(One.PostJson("/api/v1/flags/urgent/environments/production/kill", "{}"));

        (await Variant(One, "urgent", "production")).ShouldBe("off");
    }

    [Fact]
    public async Task an_earlier_version_that_would_make_a_cycle_does_not_come_back()
    {
        await One.GivenFlag("""{ "key": "back-a", "type": "boolean" }""");
        await One.GivenFlag("""{ "key": "back-b", "type": "boolean" }""");
        await Written(One.PutJson("/api/v1/flags/back-a/environments/production", """{ "prerequisites": [ { "flag": "back-b", "variants": ["on"] } ] }"""));
        await Written(One.PutJson("/api/v1/flags/back-a/environments/production", "{}"));
        await Written(One.PutJson("/api/v1/flags/back-b/environments/production", """{ "prerequisites": [ { "flag": "back-a", "variants": ["on"] } ] }"""));

        using var restored = await One.PostJson("/api/v1/flags/back-a/versions/restore", """{ "version": 2 }""");

        restored.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await restored.Body()).GetProperty("errors").GetProperty("environments.production.prerequisites[0].flag")[0].GetString()!.ShouldContain("cycle");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        await _one.DisposeAsync();
        await _other.DisposeAsync();
    }

    private static async Task OneWasRefused(HttpResponseMessage[] answers, string field)
    {
        answers.Select(answer => answer.StatusCode).Order().ShouldBe([HttpStatusCode.OK, HttpStatusCode.BadRequest]);
        var refused = await answers.Single(answer => answer.StatusCode == HttpStatusCode.BadRequest).Body();
        refused.GetProperty("errors").GetProperty(field)[0].GetString()!.ShouldContain("cycle");
        foreach (var answer in answers)
            answer.Dispose();
    }

    private static async Task Written(Task<HttpResponseMessage> write)
    {
        using var response = await write;
        await response.Json();
    }

    /// <summary>Asks until it is so; a second is what is promised, the rest is for a machine that does something else.</summary>
    private static async Task Until(HttpClient server, string flag, string variant, string environment = "production")
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (await Variant(server, flag, environment) != variant)
            await Task.Delay(5, limit.Token);
    }

    private static async Task<string?> Variant(HttpClient server, string flag, string environment)
    {
        using var response = await server.PostJson("/api/v1/evaluate", $$"""{ "flag": "{{flag}}", "environment": "{{environment}}", "context": { "targetingKey": "u1" } }""");
        return response.IsSuccessStatusCode ? (await response.Json()).Text("variant") : null;
    }

    private static async Task<string> Event(StreamReader reader, CancellationToken cancellationToken)
    {
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                return line[7..];
        }

        throw new InvalidOperationException("the stream ended");
    }
}
