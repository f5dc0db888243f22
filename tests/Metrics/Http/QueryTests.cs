using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Delivery.Metrics.Tests.Http;

public sealed class QueryTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/api/v1/releases/health", "environment")]
    [InlineData("/api/v1/releases/health?environment=production&flag=f", "variant")]
    [InlineData("/api/v1/releases/health?environment=production&flag=f&variant=v&fromVersion=-1", "fromVersion")]
    [InlineData("/api/v1/releases/health?environment=production&flag=f&variant=v&fromVersion=x", "fromVersion")]
    [InlineData("/api/v1/metrics/events?limit=0", "limit")]
    [InlineData("/api/v1/metrics/events?limit=1001", "limit")]
    [InlineData("/api/v1/metrics/events?after=x", "after")]
    [InlineData("/api/v1/metrics/events?from=yesterday", "from")]
    [InlineData("/api/v1/metrics/events?unit=a%00b", "unit")]
    public async Task a_question_that_cannot_be_read_names_the_field(string path, string field)
    {
        using var admin = running.Server.Admin();

        using var response = await admin.GetAsync(new Uri(path, UriKind.Relative), Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = await response.Content.ReadFromJsonAsync<JsonNode>(Cancel);
        problem!["errors"]![field].ShouldNotBeNull();
    }

    [Fact]
    public async Task events_are_paged_newest_first_without_gaps_or_repeats()
    {
        using var admin = running.Server.Admin();
        for (var batch = 0; batch < 3; batch++)
            await admin.SendAsync("/sdk/v1/events", Enumerable.Range(batch * 10, 10).Select(i => Traffic.Event(i, unit: "paged")), null, null, Cancel);

        var seen = new List<long>();
        string? after = null;
        do
        {
            var page = await admin.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/events?unit=paged&limit=7{(after is null ? "" : $"&after={after}")}", Cancel);
            seen.AddRange(page!["items"]!.AsArray().Select(item => item!["position"]!.GetValue<long>()));
            after = page["next"]?.GetValue<string>();
        }
        while (after is not null);

        seen.Count.ShouldBe(30);
        seen.ShouldBe(seen.Distinct().OrderDescending());
    }

    [Fact]
    public async Task a_flag_without_traffic_has_no_epochs_and_no_times()
    {
        using var admin = running.Server.Admin();

        var health = await admin.CompleteHealthAsync("nobody-met-it", "on", Cancel);

        health["epochs"]!.AsArray().ShouldBeEmpty();
        health["lastExposureAt"].ShouldBeNull();
        health["lastEventAt"].ShouldBeNull();
    }

    [Fact]
    public async Task arms_are_compared_from_their_sums_and_a_split_is_tested()
    {
        using var admin = running.Server.Admin();

        var compared = await Post(admin, "compare", """{"metric":"proportion","effect":"absolute","test":"welch2","a":{"n":1000,"sum":100},"b":{"n":1000,"sum":130}}""");
        compared["diff"]!.GetValue<double>().ShouldBe(0.03, 1e-12);
        compared["p"]!.GetValue<double>().ShouldBe(0.0357, 5e-4);
        compared.AsObject().ContainsKey("err").ShouldBeTrue();

        var srm = await Post(admin, "srm", """{"users":[1000,1200],"weights":[0.5,0.5]}""");
        srm["p"]!.GetValue<double>().ShouldBe(0.000020079, 1e-9);

        // 2·(1.959964 + 0.841621)²·2·s²/Δ² units in two equal arms, fixed horizon.
        var plan = await Post(admin, "power", """{"baselineMean":10,"standardDeviation":2,"effect":0.5,"plan":"fixed"}""");
        plan["units"]!.GetValue<double>().ShouldBe(502.3, 3);
    }

    [Theory]
    [InlineData("compare", """{"metric":"mode","effect":"absolute","test":"welch2","a":{"n":1,"sum":1},"b":{"n":1,"sum":1}}""", "metric")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":-1,"sum":1,"sumSquares":1},"b":{"n":1,"sum":1,"sumSquares":1}}""", "a.n")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":1,"colour":1},"b":{"n":1}}""", "a.colour")]
    [InlineData("srm", """{"users":[1],"weights":[1]}""", "users")]
    [InlineData("srm", """{"users":[1,2],"weights":[1,"x"]}""", "weights[1]")]
    [InlineData("power", """{"baselineMean":10,"standardDeviation":2,"effect":"big"}""", "effect")]
    [InlineData("power", """{"baselineMean":10,"standardDeviation":2,"effect":1,"power":2}""", "power")]
    [InlineData("srm", "[]", "$")]
    [InlineData("srm", "{", "$")]
    public async Task sums_that_cannot_be_compared_name_the_field(string path, string body, string field)
    {
        using var admin = running.Server.Admin();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await admin.PostAsync(new Uri($"/api/v1/statistics/{path}", UriKind.Relative), content, Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = await response.Content.ReadFromJsonAsync<JsonNode>(Cancel);
        problem!["errors"]!.AsObject().Select(e => e.Key).ShouldContain(field);
    }

    private static async Task<JsonNode> Post(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri($"/api/v1/statistics/{path}", UriKind.Relative), content, Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await response.Content.ReadFromJsonAsync<JsonNode>(Cancel))!;
    }
}
