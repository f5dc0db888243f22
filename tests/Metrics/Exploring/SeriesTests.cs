using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;
using Delivery.Statistics;

namespace Delivery.Metrics.Tests.Exploring;

public sealed class SeriesTests(RunningServer running) : IClassFixture<RunningServer>
{
    /// <summary>Whole seconds, four hours ago.</summary>
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().AddHours(-4).ToUnixTimeSeconds());

    private static int _ids = 10_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task per_unit_metrics_are_of_the_units_exposed_so_far_per_variant()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("bought", """{"name":"Bought","description":"Who bought.","kind":"conversion","measure":{"event":"buy-1"}}""");
        await ExposeAsync(client, "series-1", Enumerable.Range(0, 40).Select(n => ($"a{n}", n < 20 ? "on" : "off", Start.AddMinutes(n < 30 ? 10 : 70))));
        await SendAsync(client, Enumerable.Range(0, 15).SelectMany(n => new[] { Buy("buy-1", $"a{n}", 30), Buy("buy-1", $"a{n}", 40), Buy("buy-1", $"a{n + 20}", 90) }).Append(Buy("buy-1", "a0", 5)));

        var series = await SeriesAsync(client, "bought", "flag=series-1&by=variant");
        var all = await SeriesAsync(client, "bought", "flag=series-1&by=none");

        // 'off': 10 units from the first hour, 20 from the second; a0's purchase before its exposure does not count.
        Line(series, "on").ShouldBe([(20, 30, 0.75), (20, 0, 0), (20, 0, 0), (20, 0, 0)]);
        Line(series, "off").ShouldBe([(10, 0, 0), (20, 15, 0.75), (20, 0, 0), (20, 0, 0)]);
        Line(all, null).ShouldBe([(30, 30, 0.5), (40, 15, 0.375), (40, 0, 0), (40, 0, 0)]);
        var bucket = series["lines"]!.AsArray().Single(l => l!["variant"]!.GetValue<string>() == "on")!["buckets"]![0]!;
        (bucket["low"]!.GetValue<double>(), bucket["high"]!.GetValue<double>()).ShouldSatisfyAllConditions(i => i.Item1.ShouldBe(0.75 - 1.96 * Math.Sqrt(0.75 * 0.25 / 20), 1e-4), i => i.Item2.ShouldBe(0.75 + 1.96 * Math.Sqrt(0.75 * 0.25 / 20), 1e-4));
        bucket["complete"]!.GetValue<bool>().ShouldBeTrue();
        series["eventPosition"]!.GetValue<long>().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task a_window_lets_units_go_and_their_later_events_with_them()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("spent-soon", """{"name":"Spent","description":"What a unit spends.","kind":"mean","measure":{"event":"buy-2","of":"value"},"windowSeconds":3600,"cap":50}""");
        await ExposeAsync(client, "series-2", [("b1", "on", Start.AddMinutes(30)), ("b2", "on", Start.AddMinutes(30)), ("b3", "on", Start.AddMinutes(130))]);
        await SendAsync(client, [Buy("buy-2", "b1", 40, 10), Buy("buy-2", "b1", 80, 70), Buy("buy-2", "b2", 95, 5), Buy("buy-2", "b3", 140, 8)]);

        var line = Line(await SeriesAsync(client, "spent-soon", "flag=series-2"), "on");

        line.ShouldBe([(2, 1, 5), (2, 1, 25), (1, 1, null), (1, 0, null)]);
    }

    [Fact]
    public async Task a_window_that_ends_where_a_bucket_begins_has_no_part_of_it()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("spent-at-once", """{"name":"Spent","description":"What a unit spends.","kind":"mean","measure":{"event":"buy-7","of":"value"},"windowSeconds":3600}""");
        await ExposeAsync(client, "series-7", [("g1", "on", Start.AddMinutes(60)), ("g2", "on", Start.AddMinutes(60))]);
        await SendAsync(client, [Buy("buy-7", "g1", 70, 10)]);

        Line(await SeriesAsync(client, "spent-at-once", "flag=series-7"), "on").ShouldBe([(0, 0, null), (2, 1, 5), (0, 0, null), (0, 0, null)]);
    }

    [Fact]
    public async Task ratios_and_named_arms_count_where_the_request_says_it_ran()
    {
        using var client = running.Server.Admin();
        await ExposeAsync(client, "series-3", Enumerable.Range(0, 10).Select(n => ($"c{n}", "off", Start.AddMinutes(1))));
        var byExposure = Enumerable.Range(0, 10).Select(n => Request($"c{n}", 10, 20, failed: n == 0));
        var byName = Enumerable.Range(0, 8).Select(n =>
        {
            var request = Request($"trace:{n}", 20, 40, failed: n < 2);
            request["flags"] = new JsonObject { ["series-3"] = new JsonObject { ["variant"] = "on", ["version"] = 1 } };
            return request;
        });
        await SendAsync(client, [.. byExposure, .. byName]);

        var errors = await SeriesAsync(client, "request-errors", "flag=series-3");
        var latency = await SeriesAsync(client, "request-latency-mean", "flag=series-3");

        Line(errors, "off")[0].ShouldBe((10, 10, 0.1));
        Line(errors, "on")[0].ShouldBe((8, 8, 0.25));
        Line(errors, "on")[1].ShouldBe((0, 0, null));
        Line(latency, "on")[0].Value!.Value.ShouldBe(0.04, 1e-9);
        errors["lines"]![0]!["buckets"]![1]!["err"]!.GetValue<string>().ShouldBe("no-data");
    }

    [Fact]
    public async Task a_quantile_and_its_interval_are_those_of_the_statistics_on_the_same_values()
    {
        using var client = running.Server.Admin();
        await ExposeAsync(client, "series-4", Enumerable.Range(0, 60).Select(n => ($"d{n}", "on", Start.AddMinutes(1))));
        var values = Enumerable.Range(0, 60).SelectMany(n => Enumerable.Range(0, 1 + n % 5).Select(k => (Unit: n, Milliseconds: 10.0 + n % 7 * 20 + k * 3))).ToList();
        await SendAsync(client, values.Select(v => Request($"d{v.Unit}", 10, v.Milliseconds)));
        await client.DefineAsync("latency-p70", """{"name":"p70","description":"p70.","kind":"quantile","quantile":0.7,"measure":{"of":"duration"}}""");

        var bucket = (await SeriesAsync(client, "latency-p70", "flag=series-4"))["lines"]![0]!["buckets"]![0]!;

        var sorted = values.Select(v => v.Milliseconds / 1_000).Order().ToList();
        var q = sorted[(int)ClusteredQuantile.Rank(sorted.Count, 0.7) - 1];
        var units = values.GroupBy(v => v.Unit).Select(u => (Below: u.Count(v => v.Milliseconds / 1_000 <= q), All: u.Count())).ToList();
        var expected = ClusteredQuantile.Of(sorted, 0.7, new RatioSums(
            new SampleSums(60, units.Sum(u => u.Below), units.Sum(u => u.Below * u.Below)), new SampleSums(60, units.Sum(u => u.All), units.Sum(u => u.All * u.All)), units.Sum(u => u.Below * u.All)))
            .ShouldBeOfType<ArmEstimate.Measured>();
        bucket["value"]!.GetValue<double>().ShouldBe(q, 1e-9);
        (bucket["high"]!.GetValue<double>() - bucket["low"]!.GetValue<double>()).ShouldBe(2 * 1.959963984540054 * Math.Sqrt(expected.VarianceOfMean), 1e-9);
        bucket["events"]!.GetValue<long>().ShouldBe(values.Count);
    }

    [Fact]
    public async Task segments_are_values_of_properties_or_of_attributes_and_many_of_them_are_cut_and_counted()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("visits", """{"name":"Visits","description":"Visits.","kind":"count","measure":{"event":"visit-5"}}""");
        var exposures = Enumerable.Range(0, 10).Select(n =>
        {
            var exposure = Traffic.Exposure(_ids++, "series-5", "on", 1, $"e{n}", Start.AddMinutes(1));
            exposure["attributes"] = new JsonObject { ["plan"] = n < 4 ? "gold" : "free" };
            return exposure;
        });
        await client.SendAsync("/sdk/v1/exposures", exposures, null, null, Cancel);
        await SendAsync(client, Enumerable.Range(0, 10).SelectMany(n => Enumerable.Range(0, 3).Select(k =>
        {
            var visit = Buy("visit-5", $"e{n}", 10 + k);
            visit["properties"] = new JsonObject { ["country"] = n < 5 ? "DE" : "FR", ["page"] = $"p{n}-{k}" };
            return visit;
        })));

        var countries = await SeriesAsync(client, "visits", "flag=series-5&segment=property:country");
        var plans = await SeriesAsync(client, "visits", "flag=series-5&segment=attribute:plan");
        var pages = await SeriesAsync(client, "visits", "flag=series-5&segment=property:page");

        Segments(countries).ShouldBe([("DE", 10L, 1.5), ("FR", 10L, 1.5)]);
        Segments(plans).ShouldBe([("free", 6L, 3), ("gold", 4L, 3)]);
        pages["lines"]!.AsArray().Count.ShouldBe(20);
        pages["omittedSegments"]!.GetValue<int>().ShouldBe(10);
    }

    [Fact]
    public async Task without_a_flag_it_is_of_all_units_seen_and_without_any_there_is_nothing_to_show()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("searches", """{"name":"Searches","description":"Who searched.","kind":"conversion","measure":{"event":"search-6"}}""");
        using var staging = await client.PostAsJsonAsync("/api/v1/environments", new { key = "series-6" }, Cancel);
        staging.IsSuccessStatusCode.ShouldBeTrue();
        var none = await SeriesAsync(client, "searches", "", "series-6");
        await client.SendAsync("/sdk/v1/events?environment=series-6", [Buy("search-6", "f1", 10), Buy("search-6", "f2", 10), Buy("other", "f3", 20), Buy("other", "f4", 20)], null, null, Cancel);

        var some = await SeriesAsync(client, "searches", "", "series-6");

        none["lines"]!.AsArray().ShouldBeEmpty();
        Line(some, null)[0].ShouldBe((4, 2, 0.5));
    }

    [Theory]
    [InlineData("", "environment")]
    [InlineData("environment=production&from=yesterday", "from")]
    [InlineData("environment=production&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from")]
    [InlineData("environment=production&from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from")]
    [InlineData("environment=production&to=1999-01-01T00:00:00Z", "to")]
    [InlineData("environment=production&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&step=1m", "step")]
    [InlineData("environment=production&step=0", "step")]
    [InlineData("environment=production&step=-5m", "step")]
    [InlineData("environment=production&step=soon", "step")]
    [InlineData("environment=production&step=99999999999999999999", "step")]
    [InlineData("environment=production&by=variant", "by")]
    [InlineData("environment=production&flag=f&by=unit", "by")]
    [InlineData("environment=production&segment=country", "segment")]
    [InlineData("environment=production&segment=attribute:plan", "segment")]
    [InlineData("environment=production&flag=f&fromVersion=-1", "fromVersion")]
    [InlineData("environment=a%00b", "environment")]
    public async Task a_question_that_cannot_be_read_names_the_field(string query, string field)
    {
        using var client = running.Server.Admin();

        using var response = await client.GetAsync(new Uri($"/api/v1/metrics/request-errors/series?{query}", UriKind.Relative), Cancel);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["errors"]!.AsObject().Select(e => e.Key).ShouldContain(field);
    }

    [Fact]
    public async Task a_metric_nobody_defined_is_not_found_and_an_sdk_key_reads_none()
    {
        using var client = running.Server.Admin();
        using var sdk = await running.Server.AsAsync("server-sdk", "production", Cancel);
        var path = new Uri("/api/v1/metrics/nothing/series?environment=production", UriKind.Relative);

        (await client.GetAsync(path, Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await sdk.GetAsync(path, Cancel)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static async Task<JsonNode> SeriesAsync(HttpClient client, string metric, string query, string environment = "production")
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/api/v1/metrics/{metric}/series?environment={environment}&from={Uri.EscapeDataString(Start.ToString("O"))}&to={Uri.EscapeDataString(Start.AddHours(4).ToString("O"))}&step=1h&{query}");
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private static List<(long Units, long Events, double? Value)> Line(JsonNode series, string? variant) =>
    [
        .. series["lines"]!.AsArray().Single(l => l!["variant"]?.GetValue<string>() == variant)!["buckets"]!.AsArray()
            .Select(b => (b!["units"]!.GetValue<long>(), b["events"]!.GetValue<long>(), b["value"]?.GetValue<double>())),
    ];

    private static IEnumerable<(string?, long, double)> Segments(JsonNode series) => series["lines"]!.AsArray()
        .Select(l => (l!["segment"]?.GetValue<string>(), l["buckets"]![0]!["units"]!.GetValue<long>(), l["buckets"]![0]!["value"]!.GetValue<double>()));

    private static JsonObject Buy(string name, string unit, int minute, double? value = null)
    {
        var bought = Traffic.Event(_ids++, name, unit, Start.AddMinutes(minute));
        if (value is { } amount)
            bought["value"] = amount;
        return bought;
    }

    private static JsonObject Request(string unit, int minute, double milliseconds, bool failed = false)
    {
        var request = Traffic.Event(_ids++, "request", unit, Start.AddMinutes(minute));
        request["durationMs"] = milliseconds;
        request["error"] = failed;
        return request;
    }

    private static async Task ExposeAsync(HttpClient client, string flag, IEnumerable<(string Unit, string Variant, DateTimeOffset Time)> exposures) =>
        await client.SendAsync("/sdk/v1/exposures", exposures.Select(e => Traffic.Exposure(_ids++, flag, e.Variant, 1, e.Unit, e.Time)), null, null, Cancel);

    private static async Task SendAsync(HttpClient client, IEnumerable<JsonNode> events) => await client.SendAsync("/sdk/v1/events", events, null, null, Cancel);
}
