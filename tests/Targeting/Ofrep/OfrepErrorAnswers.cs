using System.Net;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Targeting.Ofrep;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Targeting.Tests.Ofrep;

/// <summary>Every refusal and failure has the protocol's errorCode, and the key where one flag was asked for.</summary>
[Collection(typeof(Platform))]
public sealed class OfrepErrorAnswers(PlatformFixture platform)
{
    [Theory]
    [InlineData("/ofrep/v1/evaluate/flags/some-flag", "some-flag")]
    [InlineData("/ofrep/v1/evaluate/flags", null)]
    public async Task a_missing_or_wrong_key_is_a_401_in_the_protocols_shape(string path, string? flag)
    {
        foreach (var key in new[] { null, "dlv_client-sdk_00000000000000ee_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })
        {
            using var caller = platform.Server.With(key);
            using var answer = await caller.PostJson(path, """{ "context": {} }""");
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
            var error = await answer.Body();
            error.Text("errorCode").ShouldBe("GENERAL");
            error.Text("errorDetails").ShouldNotBeNullOrEmpty();
            (error.TryGetProperty("key", out var named) ? named.GetString() : null).ShouldBe(flag);
        }
    }

    [Fact]
    public async Task a_fault_after_an_exception_still_names_the_flag()
    {
        var http = new DefaultHttpContext();
        using var body = new MemoryStream();
        http.Response.Body = body;
        var endpoint = new Endpoint(null, new EndpointMetadataCollection(new OfrepErrors()), "ofrep");
        http.Features.Set<IExceptionHandlerFeature>(new ExceptionHandlerFeature { Endpoint = endpoint, RouteValues = new() { ["key"] = "some-flag" } });

        await ErrorDialect.AnswerProblemAsync(http, StatusCodes.Status500InternalServerError, "internal", "The server failed; the log says why.");

        await http.Response.BodyWriter.FlushAsync(TestContext.Current.CancellationToken);
        http.Response.StatusCode.ShouldBe(500);
        var error = JsonElement.Parse(body.ToArray());
        error.Text("key").ShouldBe("some-flag");
        error.Text("errorCode").ShouldBe("GENERAL");
    }

    [Fact]
    public void a_client_key_has_its_rate_and_is_told_when_to_come_back()
    {
        var time = new FakeTimeProvider();
        var rates = new KeyRates(time, Options.Create(new OfrepOptions { RequestsPerSecondPerClientKey = 10 }));
        var http = new DefaultHttpContext();

        Enumerable.Range(0, 10).ShouldAllBe(_ => rates.TryTake(http, "a"));
        rates.TryTake(http, "a").ShouldBeFalse();
        http.Response.Headers.RetryAfter.ToString().ShouldBe("1");
        rates.TryTake(http, "b").ShouldBeTrue();
        time.Advance(TimeSpan.FromMilliseconds(500));
        Enumerable.Range(0, 5).ShouldAllBe(_ => rates.TryTake(http, "a"));
        rates.TryTake(http, "a").ShouldBeFalse();
    }

    [Fact]
    public async Task a_key_that_asks_too_often_gets_429_with_retry_after()
    {
        await using var server = await platform.AnotherServerAsync(new Dictionary<string, string> { ["Delivery:Ofrep:RequestsPerSecondPerClientKey"] = "1" });
        using var client = await server.AsAsync("client-sdk", "production", TestContext.Current.CancellationToken);
        HttpResponseMessage answer;
        var asked = 0;
        do
        {
            answer = await client.PostJson("/ofrep/v1/evaluate/flags/some-flag", """{ "context": {} }""");
        }
        while (answer.StatusCode == HttpStatusCode.NotFound && ++asked < 1_000);

        answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await answer.Body()).Text("key").ShouldBe("some-flag");
        using var bulk = await client.PostJson("/ofrep/v1/evaluate/flags", """{ "context": {} }""");
        bulk.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        (await bulk.Body()).Text("errorCode").ShouldBe("GENERAL");
    }

    [Fact]
    public void a_stream_address_lasts_a_period_at_least_and_two_at_most()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddSeconds(1_000 * 300));
        var tokens = new StreamTokens(time, Options.Create(new OfrepOptions()));
        var token = tokens.Issue(new StreamTopic("production", ForClient: true));

        time.Advance(TimeSpan.FromSeconds(599));
        tokens.Open(token).ShouldBe(new StreamTopic("production", ForClient: true));
        time.Advance(TimeSpan.FromSeconds(2));
        tokens.Open(token).ShouldBeNull();
    }
}
