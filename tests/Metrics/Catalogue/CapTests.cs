using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;

namespace Delivery.Metrics.Tests.Catalogue;

/// <summary>Caps that are a percentile of what units had before.</summary>
public sealed class CapTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_cap_comes_from_what_all_units_had_before_and_stays()
    {
        using var client = running.Server.Admin();
        await client.SendAsync("/sdk/v1/events", Enumerable.Range(1, 20).Select(unit => Order(unit, unit)), null, null, Cancel);
        // A unit's value is the sum of its events, and a repeat is no event.
        await client.SendAsync("/sdk/v1/events", [Order(20, 20), Order(21, 2, unit: 20)], null, null, Cancel);

        await client.DefineAsync("order-value", Capped("90"));
        var defined = (await GetAsync(client))["definition"]!;
        defined["cap"]!.GetValue<decimal>().ShouldBe(18);
        (defined["capFrom"]!["units"]!.GetValue<long>(), defined["capFrom"]!["percentile"]!.GetValue<decimal>()).ShouldBe((20, 90));
        (defined["capFrom"]!["to"]!.GetValue<DateTimeOffset>() - defined["capFrom"]!["from"]!.GetValue<DateTimeOffset>()).ShouldBe(TimeSpan.FromDays(7));

        await client.SendAsync("/sdk/v1/events", [Order(22, 5_000)], null, null, Cancel);
        await client.DefineAsync("order-value", Capped("90"));
        await client.DefineAsync("order-value", defined.ToJsonString());
        (await GetAsync(client))["version"]!.GetValue<long>().ShouldBe(1, "what it was defined with stays");

        await client.DefineAsync("order-value", Capped("95"));
        (await GetAsync(client))["definition"]!["cap"]!.GetValue<decimal>().ShouldBe(22, "the 20th of 21: 20 and 2");
        using var tried = await client.PostAsync(
            new Uri("/api/v1/metrics/try", UriKind.Relative),
            new StringContent($$"""{"environment":"production","flag":"nobody-met-it","metric":{{Capped("90")}}}""", Encoding.UTF8, "application/json"), Cancel);
        (await tried.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["cap"]!.GetValue<decimal>().ShouldBe(19, "the 19th of 21");
        using var again = await client.PostAsync(
            new Uri("/api/v1/metrics/try", UriKind.Relative),
            new StringContent($$"""{"environment":"production","flag":"nobody-met-it","metric":{{defined.ToJsonString()}}}""", Encoding.UTF8, "application/json"), Cancel);
        (await again.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["cap"]!.GetValue<decimal>().ShouldBe(18, "as it was defined");
    }

    [Theory]
    [InlineData("""{"capFrom":{"environment":"production","percentile":99.9}}""", "cap")]
    [InlineData("""{"cap":null,"capFrom":{"environment":"production","percentile":99.9}}""", "capFrom")]
    [InlineData("""{"cap":null,"capFrom":{"environment":"production","percentile":100}}""", "capFrom.percentile")]
    [InlineData("""{"cap":null,"capFrom":{"environment":"","percentile":90}}""", "capFrom.environment")]
    [InlineData("""{"cap":null,"windowSeconds":null,"capFrom":{"environment":"production","percentile":90}}""", "windowSeconds")]
    [InlineData("""{"cap":null,"kind":"conversion","measure":{"event":"purchase"},"capFrom":{"environment":"production","percentile":90}}""", "capFrom")]
    public async Task a_cap_that_cannot_be_worked_out_is_refused(string change, string field)
    {
        using var client = running.Server.Admin();
        var document = JsonNode.Parse(CatalogueTests.Revenue)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            document[name] = value?.DeepClone();
        using var content = new StringContent(document.ToJsonString(), Encoding.UTF8, "application/json");

        using var response = await client.PutAsync(new Uri("/api/v1/metrics/uncapped", UriKind.Relative), content, Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["errors"]!.AsObject().Select(e => e.Key).ShouldBe([field]);
    }

    private static JsonObject Order(int id, int value, int? unit = null)
    {
        var order = Traffic.Event(id, "order", $"orders-{unit ?? id}");
        order["value"] = value;
        return order;
    }

    private static string Capped(string percentile) =>
        $$$"""{"name":"Order value","description":"What a unit orders for.","kind":"mean","measure":{"event":"order","of":"value"},"windowSeconds":604800,"capFrom":{"environment":"production","percentile":{{{percentile}}}}}""";

    private static async Task<JsonNode> GetAsync(HttpClient client) =>
        (await client.GetFromJsonAsync<JsonNode>("/api/v1/metrics/order-value", Cancel))!;
}
