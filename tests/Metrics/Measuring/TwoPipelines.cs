using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>The fold and the SQL, over rows that came in by HTTP: late, repeated and in any order.</summary>
public sealed class TwoPipelines(RunningServer running) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task both_give_the_same_sums_before_and_after_more_rows()
    {
        using var admin = running.Server.Admin();
        await Define(admin, "bought", """{"name":"Bought","description":"Bought.","kind":"conversion","measure":{"event":"purchase"},"windowSeconds":60}""");
        await Define(admin, "revenue", """{"name":"Revenue","description":"Revenue.","kind":"mean","cap":70,"measure":{"event":"purchase","of":"value","where":[{"property":"country","is":"one-of","values":["DE","AT"]},{"property":"items","is":"at-least","values":["2"]}]}}""");
        await Define(admin, "per-order", """{"name":"Per order","description":"Per order.","kind":"ratio","measure":{"event":"purchase","of":"value"},"per":{"event":"purchase"}}""");
        const string Question = "environment=production&flag=checkout&fromVersion=2&metric=bought&metric=revenue&metric=per-order&metric=request-errors&metric=requests-per-unit";
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        for (var part = 0; part < 3; part++)
        {
            await admin.SendAsync("/sdk/v1/events", Events(part, start), null, null, Cancel);
            await admin.SendAsync("/sdk/v1/exposures", Exposures(part, start), null, null, Cancel);

            var check = await admin.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/moments/check?{Question}", Cancel);

            check!["cells"]!.GetValue<int>().ShouldBe(5 * 2 * 2);
            check["differences"]!.AsArray().ShouldBeEmpty(check.ToJsonString());
        }

        var moments = await admin.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/moments?{Question}", Cancel);
        moments!["cells"]!.AsArray().Where(c => c!["metric"]!.GetValue<string>() == "bought")
            .Sum(c => int.Parse(c!["sums"]!["n"]!.GetValue<string>(), CultureInfo.InvariantCulture)).ShouldBe(50);
    }

    [Fact]
    public async Task a_metric_is_tried_before_it_is_saved_and_a_bad_one_names_its_field()
    {
        using var admin = running.Server.Admin();
        var trial = JsonNode.Parse("""{"environment":"production","flag":"tried","metric":{"name":"T","description":"T.","kind":"count","measure":{"event":"purchase"}}}""")!;

        using var good = await admin.PostAsJsonAsync("/api/v1/metrics/try", trial, Cancel);
        good.EnsureSuccessStatusCode();
        trial["metric"]!["kind"] = "ratio";
        using var bad = await admin.PostAsJsonAsync("/api/v1/metrics/try", trial, Cancel);

        var problem = await bad.Content.ReadFromJsonAsync<JsonNode>(Cancel);
        problem!["errors"]!["metric.per"].ShouldNotBeNull();
    }

    /// <summary>Drawn from a fixed seed; ids repeat, and times go back before the parts that came earlier.</summary>
    private static IEnumerable<JsonNode> Events(int part, DateTimeOffset start)
    {
        var random = new Random(part);
        for (var i = 0; i < 400; i++)
        {
            var element = Traffic.Event(random.Next(1_000), random.Next(2) == 0 ? "purchase" : "request", $"u{random.Next(50)}", start.AddSeconds(random.Next(300)));
            element["value"] = random.Next(-5, 100) + 0.25m;
            if (element["name"]!.GetValue<string>() == "request")
                element["error"] = random.Next(4) == 0;
            if (random.Next(3) > 0)
                element["properties"] = new JsonObject { ["country"] = random.Next(2) == 0 ? "DE" : "FR", ["items"] = random.Next(4).ToString(CultureInfo.InvariantCulture) };
            yield return element;
        }
    }

    private static IEnumerable<JsonNode> Exposures(int part, DateTimeOffset start)
    {
        var random = new Random(100 + part);
        for (var i = 0; i < 300; i++)
            yield return Traffic.Exposure((part * 1_000) + i, "checkout", random.Next(2) == 0 ? "on" : "off", 2 + (i % 2), $"u{i % 50}", start.AddSeconds(random.Next(300)));
    }

    private static async Task Define(HttpClient client, string key, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PutAsync(new Uri($"/api/v1/metrics/{key}", UriKind.Relative), content, Cancel);
        response.EnsureSuccessStatusCode();
    }
}
