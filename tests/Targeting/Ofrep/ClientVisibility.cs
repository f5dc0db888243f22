using System.Net;
using Delivery.Targeting.Tests.Live;

namespace Delivery.Targeting.Tests.Ofrep;

/// <summary>A client key notices client-visible flags and what they depend on, and nothing else.</summary>
[Collection(typeof(Platform))]
public sealed class ClientVisibility(PlatformFixture platform)
{
    [Fact]
    public async Task a_clients_tag_and_stream_are_silent_about_flags_it_does_not_see()
    {
        await platform.Admin.GivenFlag("""{ "key": "seen", "type": "boolean", "clientVisible": true }""");
        await platform.Admin.GivenFlag("""{ "key": "unseen", "type": "boolean" }""");
        using var client = await platform.Server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);
        var (tag, stream) = await Bulk(client);
        using var anonymous = platform.Server.With(null);
        await using var events = await SseReader.OpenAsync(anonymous, stream);

        var connected = await events.RefetchAsync();

        await Kill("unseen");
        (await Status(client, tag)).ShouldBe(HttpStatusCode.NotModified);
        await using (var again = await SseReader.OpenAsync(anonymous, stream))
            (await again.RefetchAsync()).ShouldBe(connected, "not even who connects now learns that something changed");
        await Kill("seen");
        (await Status(client, tag)).ShouldBe(HttpStatusCode.OK);

        (await events.RefetchAsync()).ShouldBe((await platform.Admin.GetJson("/api/v1/flags/seen")).GetProperty("sequence").GetInt64());
    }

    [Fact]
    public async Task a_hidden_flag_that_a_visible_one_asks_about_is_noticed()
    {
        await platform.Admin.GivenFlag("""{ "key": "asked", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""");
        await platform.Admin.GivenFlag("""
            { "key": "asking", "type": "boolean", "clientVisible": true, "environments": { "production": {
              "default": { "variant": "on" }, "prerequisites": [ { "flag": "asked", "variants": ["on"] } ] } } }
            """);
        using var client = await platform.Server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);
        var (tag, _) = await Bulk(client);

        await Kill("asked");

        (await Status(client, tag)).ShouldBe(HttpStatusCode.OK);
        using var one = await client.PostJson("/ofrep/v1/evaluate/flags/asking", """{ "context": { "targetingKey": "u1" } }""");
        (await one.Json()).GetProperty("value").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task a_flag_that_becomes_visible_or_hidden_is_noticed()
    {
        await platform.Admin.GivenFlag("""{ "key": "turns", "type": "boolean" }""");
        using var client = await platform.Server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);
        var (before, _) = await Bulk(client);

        await Define("true");
        (await Status(client, before)).ShouldBe(HttpStatusCode.OK);
        var (shown, _) = await Bulk(client);
        await Define("false");
        (await Status(client, shown)).ShouldBe(HttpStatusCode.OK);
        (await client.PostJson("/ofrep/v1/evaluate/flags/turns", """{ "context": {} }""")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        async Task Define(string visible)
        {
            using var defined = await platform.Admin.PutJson("/api/v1/flags/turns", $$"""
                { "type": "boolean", "variants": [ { "key": "on", "value": true }, { "key": "off", "value": false } ], "offVariant": "off", "clientVisible": {{visible}} }
                """);
            await defined.Json();
        }
    }

    [Theory]
    [InlineData("W/{0}")]
    [InlineData("\"other\", {0}")]
    [InlineData("\"other\",W/{0}")]
    public async Task a_tag_is_known_however_a_proxy_sends_it(string form)
    {
        using var client = await platform.Server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);
        var (tag, _) = await Bulk(client);
        (await Status(client, string.Format(System.Globalization.CultureInfo.InvariantCulture, form, tag))).ShouldBe(HttpStatusCode.NotModified);
        (await Status(client, "\"other\"")).ShouldBe(HttpStatusCode.OK);
    }

    private async Task Kill(string flag)
    {
        using var killed = await platform.Admin.PostJson($"/api/v1/flags/{flag}/environments/production/kill", "{}");
        await killed.Json();
    }

    private static async Task<(string Tag, string Stream)> Bulk(HttpClient client)
    {
        using var answer = await Ask(client, null);
        return (answer.Headers.ETag!.Tag, (await answer.Json()).GetProperty("eventStreams")[0].Text("url")!);
    }

    private static async Task<HttpStatusCode> Status(HttpClient client, string tag)
    {
        using var answer = await Ask(client, tag);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> Ask(HttpClient client, string? tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/ofrep/v1/evaluate/flags", UriKind.Relative))
        {
            Content = Http.Json("""{ "context": { "targetingKey": "u1" } }"""),
        };
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
