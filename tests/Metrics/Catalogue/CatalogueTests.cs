using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;

namespace Delivery.Metrics.Tests.Catalogue;

public sealed class CatalogueTests(RunningServer running) : IClassFixture<RunningServer>
{
    internal const string Revenue = """
        {"name":"Revenue","description":"What a unit spends.","kind":"mean","measure":{"event":"purchase","of":"value"},"windowSeconds":604800,"cap":500,"tier":"company","owner":"shop"}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_metric_is_defined_changed_retired_and_brought_back_each_as_an_event()
    {
        using var client = await running.Server.AsAsync("operator", null, Cancel);

        (await Put(client, "revenue", Revenue)).ShouldBe(HttpStatusCode.OK);
        (await Put(client, "revenue", Revenue)).ShouldBe(HttpStatusCode.OK);
        (await Get(client, "revenue"))["version"]!.GetValue<long>().ShouldBe(1);
        (await Put(client, "revenue", Revenue.Replace("500", "400", StringComparison.Ordinal), etag: "\"7\"")).ShouldBe(HttpStatusCode.PreconditionFailed);
        (await Put(client, "revenue", Revenue.Replace("500", "400", StringComparison.Ordinal), etag: "\"1\"")).ShouldBe(HttpStatusCode.OK);
        (await client.DeleteAsync(new Uri("/api/v1/metrics/revenue", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Keys(client)).ShouldNotContain("revenue");
        (await Put(client, "revenue", Revenue)).ShouldBe(HttpStatusCode.OK);

        var metric = await Get(client, "revenue");
        (metric["version"]!.GetValue<long>(), metric["archived"]!.GetValue<bool>(), metric["definition"]!["cap"]!.GetValue<decimal>()).ShouldBe((4, false, 500));
        (await Get(client, "revenue?version=2"))["definition"]!["cap"]!.GetValue<decimal>().ShouldBe(400);
        (await Get(client, "revenue?version=3"))["archived"]!.GetValue<bool>().ShouldBeTrue();
        (await client.GetAsync(new Uri("/api/v1/metrics/revenue?version=5", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetAsync(new Uri("/api/v1/metrics/revenue?version=-1", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await Keys(client)).ShouldBe(["request-errors", "request-latency-mean", "request-latency-p95", "requests-per-unit", "revenue"]);
        var page = await client.GetFromJsonAsync<JsonNode>("/api/v1/metrics/revenue/events", Cancel);
        page!["items"]!.AsArray().Select(e => e!["type"]!.GetValue<string>()).ShouldBe(["metric-defined", "metric-redefined", "metric-archived", "metric-defined"]);
    }

    [Theory]
    [InlineData("Big", "{}", "key")]
    [InlineData("moments", "{}", "key")]
    [InlineData("m", """{"name":""}""", "name")]
    [InlineData("m", """{"description":" "}""", "description")]
    [InlineData("m", """{"owner":"The Shop"}""", "owner")]
    [InlineData("m", """{"tier":"system"}""", "tier")]
    [InlineData("scorecard", "{}", "key")]
    [InlineData("m", """{"kind":"median"}""", "kind")]
    [InlineData("m", """{"kind":"ratio"}""", "per")]
    [InlineData("m", """{"per":{"event":"visit"}}""", "per")]
    [InlineData("m", """{"kind":"quantile","cap":null}""", "quantile")]
    [InlineData("m", """{"quantile":0.5}""", "quantile")]
    [InlineData("m", """{"windowSeconds":0}""", "windowSeconds")]
    [InlineData("m", """{"cap":-1}""", "cap")]
    [InlineData("m", """{"kind":"conversion","cap":null}""", "measure.of")]
    [InlineData("m", """{"measure":{"event":"purchase"}}""", "measure.of")]
    [InlineData("m", """{"measure":{"of":"value"}}""", "measure.event")]
    [InlineData("m", """{"measure":{"event":"purchase","of":"value","where":[{"property":"items","is":"at-least","values":["two"]}]}}""", "measure.where[0].values")]
    [InlineData("m", """{"colour":"red"}""", "colour")]
    public async Task a_definition_that_makes_no_sense_names_the_field_and_changes_nothing(string key, string change, string field)
    {
        using var client = running.Server.Admin();
        var document = JsonNode.Parse(Revenue)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            document[name] = value?.DeepClone();
        using var content = new StringContent(document.ToJsonString(), Encoding.UTF8, "application/json");

        using var response = await client.PutAsync(new Uri($"/api/v1/metrics/{key}", UriKind.Relative), content, Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, await response.Content.ReadAsStringAsync(Cancel));
        var problem = await response.Content.ReadFromJsonAsync<JsonNode>(Cancel);
        problem!["errors"]!.AsObject().Select(e => e.Key).ShouldContain(field);
        (await client.GetAsync(new Uri("/api/v1/metrics/m", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task the_systems_own_metrics_stay_as_they_are()
    {
        using var client = running.Server.Admin();

        (await Put(client, "request-errors", Revenue)).ShouldBe(HttpStatusCode.Conflict);
        (await client.DeleteAsync(new Uri("/api/v1/metrics/request-errors", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await client.DeleteAsync(new Uri("/api/v1/metrics/nothing", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static async Task<HttpStatusCode> Put(HttpClient client, string key, string body, string? etag = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/metrics/{key}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (etag is not null)
            request.Headers.Add("If-Match", etag);
        using var response = await client.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private static async Task<JsonNode> Get(HttpClient client, string key) =>
        (await client.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/{key}", Cancel))!;

    private static async Task<IEnumerable<string>> Keys(HttpClient client) =>
        (await client.GetFromJsonAsync<JsonNode>("/api/v1/metrics", Cancel))!["items"]!.AsArray().Select(m => m!["key"]!.GetValue<string>());
}
