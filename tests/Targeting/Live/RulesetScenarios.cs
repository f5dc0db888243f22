using System.Net;
using Delivery.Evaluation;

namespace Delivery.Targeting.Tests.Live;

[Collection(typeof(Platform))]
public sealed class RulesetScenarios(PlatformFixture platform)
{
    [Fact]
    public async Task the_ruleset_is_what_the_engine_reads_and_its_tag_is_the_sequence()
    {
        await platform.Admin.GivenFlag("""{ "key": "in-ruleset", "type": "boolean" }""");
        using var sdk = await platform.Server.AsAsync("server-sdk", "production", TestContext.Current.CancellationToken);

        using var response = await sdk.GetAsync(new Uri("/sdk/v1/ruleset", UriKind.Relative), TestContext.Current.CancellationToken);
        var ruleset = RulesetJson.Read(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        ruleset.Environment.ShouldBe("production");
        ruleset.Flags.ShouldContain(flag => flag.Key == "in-ruleset");
        response.Headers.ETag!.Tag.ShouldBe($"\"{ruleset.Sequence}\"");
        var definition = ruleset.Flags.Single(flag => flag.Key == "in-ruleset");
        definition.Version.ShouldBe(1);
        definition.Sequence.ShouldBeLessThanOrEqualTo(ruleset.Sequence);
        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri("/sdk/v1/ruleset", UriKind.Relative));
        again.Headers.TryAddWithoutValidation("If-None-Match", response.Headers.ETag.Tag);
        (await sdk.SendAsync(again, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task a_kill_is_on_the_stream_as_one_flag_with_the_sequence_of_its_event()
    {
        await platform.Admin.GivenFlag("""{ "key": "streamed", "type": "boolean" }""");
        using var sdk = await platform.Server.AsAsync("server-sdk", "production", TestContext.Current.CancellationToken);
        await using var stream = await SseReader.OpenAsync(sdk, "/sdk/v1/stream");
        (await stream.NextAsync()).EventType.ShouldBe("ruleset");

        await platform.Admin.PostJson("/api/v1/flags/streamed/environments/production/kill", """{ "comment": "errors" }""");
        var change = await stream.NextAsync();

        change.EventType.ShouldBe("flag");
        var json = System.Text.Json.JsonDocument.Parse(change.Data).RootElement;
        json.GetProperty("flag").Text("key").ShouldBe("streamed");
        json.GetProperty("flag").GetProperty("killed").GetBoolean().ShouldBeTrue();
        var events = await platform.Admin.GetJson("/api/v1/flags/streamed/events?order=desc");
        json.GetProperty("sequence").GetInt64().ShouldBe(events.GetProperty("items")[0].GetProperty("sequence").GetInt64());
        change.EventId.ShouldBe(json.GetProperty("sequence").ToString());
    }

    [Fact]
    public async Task a_reader_that_has_the_present_sequence_gets_only_what_changes()
    {
        await platform.Admin.GivenFlag("""{ "key": "resumed", "type": "boolean" }""");
        using var sdk = await platform.Server.AsAsync("server-sdk", "production", TestContext.Current.CancellationToken);
        var sequence = (await sdk.GetJson("/sdk/v1/ruleset")).GetProperty("sequence").GetInt64();

        await using var stream = await SseReader.OpenAsync(sdk, $"/sdk/v1/stream?sequence={sequence}");
        await platform.Admin.PostJson("/api/v1/flags/resumed/environments/production/kill", "{}");

        (await stream.NextAsync()).EventType.ShouldBe("flag");
    }

    [Fact]
    public async Task fifty_readers_get_a_kill_before_the_killer_has_its_answer_or_right_after()
    {
        await platform.Admin.GivenFlag("""{ "key": "fifty", "type": "boolean" }""");
        using var sdk = await platform.Server.AsAsync("server-sdk", "production", TestContext.Current.CancellationToken);
        var sequence = (await sdk.GetJson("/sdk/v1/ruleset")).GetProperty("sequence").GetInt64();
        var readers = new List<SseReader>();
        for (var i = 0; i < 50; i++)
            readers.Add(await SseReader.OpenAsync(sdk, $"/sdk/v1/stream?sequence={sequence}"));
        var first = readers.Select(reader => reader.NextAsync()).ToList();

        await platform.Admin.PostJson("/api/v1/flags/fifty/environments/production/kill", "{}");
        var answered = TimeProvider.System.GetTimestamp();
        var changes = await Task.WhenAll(first);

        TestContext.Current.TestOutputHelper!.WriteLine($"after the answer: {TimeProvider.System.GetElapsedTime(answered).TotalMilliseconds:0.0} ms");
        changes.ShouldAllBe(change => change.EventType == "flag" && change.Data == changes[0].Data);
        foreach (var reader in readers)
            await reader.DisposeAsync();
    }

    [Fact]
    public async Task a_change_of_another_environment_is_not_on_the_stream()
    {
        await platform.Admin.GivenFlag("""{ "key": "elsewhere", "type": "boolean" }""");
        using var sdk = await platform.Server.AsAsync("server-sdk", "staging", TestContext.Current.CancellationToken);
        await using var stream = await SseReader.OpenAsync(sdk, "/sdk/v1/stream");
        await stream.NextAsync();

        await platform.Admin.PostJson("/api/v1/flags/elsewhere/environments/production/kill", "{}");
        await platform.Admin.PostJson("/api/v1/flags/elsewhere/environments/staging/kill", "{}");

        var json = System.Text.Json.JsonDocument.Parse((await stream.NextAsync()).Data).RootElement;
        json.GetProperty("flag").GetProperty("killed").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_client_key_never_sees_the_ruleset()
    {
        using var client = await platform.Server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);
        (await client.GetAsync(new Uri("/sdk/v1/ruleset", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }
}
