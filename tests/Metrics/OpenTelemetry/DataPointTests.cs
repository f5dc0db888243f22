using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;
using Delivery.Otlp;
using Delivery.Testing;

namespace Delivery.Metrics.Tests.OpenTelemetry;

public sealed class DataPointTests(RunningServer running, PostgresFixture postgres) : IClassFixture<RunningServer>
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task gauges_and_deltas_are_events_with_their_value()
    {
        using var client = running.Server.Admin();
        var gauge = new Metric { Name = "cart.size", Gauge = new Gauge() };
        gauge.Gauge.DataPoints.Add(Sent.Point("g1", 3, Now));
        gauge.Gauge.DataPoints.Add(Sent.Point("g2", 0, Now));
        var integer = Sent.Point("g1", 0, Now);
        integer.AsInt = 2;

        (await client.TakenAsync(Sent.Metrics(gauge, Sent.Sum("items.bought", AggregationTemporality.Delta, integer, Sent.Point("g2", 0, Now), Sent.Point("g3", 19.99, Now))))).ShouldBe((0, ""));

        (await ValuesAsync(client, "g1")).ShouldBe([("cart.size", 3m), ("items.bought", 2m)]);
        (await ValuesAsync(client, "g2")).ShouldBe([("cart.size", 0m)], "a sum that did not move says that nothing happened");
        (await ValuesAsync(client, "g3")).ShouldBe([("items.bought", 19.99m)]);
    }

    [Fact]
    public async Task a_cumulative_sum_counts_what_is_new_over_repeats_disorder_resets_and_a_restart()
    {
        var database = await postgres.CreateDatabaseAsync("cumulative");
        var start = Now.AddMinutes(-10);
        ExportMetricsServiceRequest At(int minute, double value, DateTimeOffset? since = null) =>
            Sent.Metrics(Sent.Sum("spent", AggregationTemporality.Cumulative, Sent.Point("c1", value, start.AddMinutes(minute), since ?? start)));
        await using (var first = new DeliveryServer(database))
        {
            using var client = first.Admin();
            await client.TakenAsync(At(1, 10));
            await client.TakenAsync(At(2, 15.5));
            await client.TakenAsync(At(2, 15.5));
            await client.TakenAsync(At(3, 15.5));
        }

        await using var second = new DeliveryServer(database);
        using var after = second.Admin();
        await after.TakenAsync(At(5, 20));
        await after.TakenAsync(At(4, 18));
        await after.TakenAsync(At(6, 7, start.AddMinutes(5.5)));
        await after.TakenAsync(At(7, 3, start.AddMinutes(5.5)));

        (await ValuesAsync(after, "c1")).ShouldBe([("spent", 10m), ("spent", 5.5m), ("spent", 4.5m), ("spent", 7m), ("spent", 3m)]);
        var old = Sent.Metrics(Sent.Sum("spent", AggregationTemporality.Cumulative, Sent.Point("c2", 100, Now.AddMinutes(-2), Now.AddDays(-30))));
        await after.TakenAsync(old);
        await after.TakenAsync(Sent.Metrics(Sent.Sum("spent", AggregationTemporality.Cumulative, Sent.Point("c2", 104, Now.AddMinutes(-1), Now.AddDays(-30)))));
        (await ValuesAsync(after, "c2")).ShouldBe([("spent", 4m)], "nobody knows how much of the first 100 was counted once");
    }

    [Fact]
    public async Task requests_that_come_at_the_same_time_count_no_interval_twice()
    {
        using var client = running.Server.Admin();
        var start = Now.AddMinutes(-30);
        await Task.WhenAll(Enumerable.Range(1, 40).Select(n => client.TakenAsync(
            Sent.Metrics(Sent.Sum("spent", AggregationTemporality.Cumulative, Sent.Point("at-once", n, start.AddSeconds(n), start))))));

        (await ValuesAsync(client, "at-once")).Sum(v => v.Value).ShouldBe(40m);
    }

    [Fact]
    public async Task a_sender_that_makes_up_series_is_refused_beyond_the_limit_and_known_series_go_on()
    {
        await using var server = new DeliveryServer(await postgres.CreateDatabaseAsync("many_series"), settings: new Dictionary<string, string> { ["Metrics:Otlp:MostSeries"] = "3" });
        using var client = server.Admin();
        var start = Now.AddMinutes(-10);
        ExportMetricsServiceRequest Of(int minute, params string[] units) => Sent.Metrics(
            Sent.Sum("spent", AggregationTemporality.Cumulative, units.Select(unit => Sent.Point(unit, minute, start.AddMinutes(minute), start))));
        await client.TakenAsync(Of(1, "s1", "s2"));

        var (rejected, message) = await client.TakenAsync(Of(2, "s1", "s3", "s4", "s5"));

        rejected.ShouldBe(2);
        foreach (var index in new[] { 2, 3 })
            message.ShouldContain($"resourceMetrics[0].scopeMetrics[0].metrics[0].sum.dataPoints[{index}].attributes: at most 3 cumulative series in environment 'production' (Metrics:Otlp:MostSeries)");
        (await client.TakenAsync(Of(3, "s1", "s2", "s3"))).ShouldBe((0, ""));
        (await ValuesAsync(client, "s1")).Select(v => v.Value).ShouldBe([1m, 1m, 1m]);
        (await ValuesAsync(client, "s3")).Select(v => v.Value).ShouldBe([2m, 1m]);
        (await ValuesAsync(client, "s4")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(AggregationTemporality.Delta)]
    [InlineData(AggregationTemporality.Cumulative)]
    public async Task a_histogram_is_as_many_events_in_its_buckets_and_they_add_up_to_its_sum(AggregationTemporality temporality)
    {
        using var client = running.Server.Admin();
        var unit = $"h-{temporality}";
        HistogramDataPoint Point(int minute, double sum, params ulong[] counts)
        {
            var point = new HistogramDataPoint
            {
                TimeUnixNano = Sent.Nanoseconds(Now.AddMinutes(minute - 10)),
                StartTimeUnixNano = Sent.Nanoseconds(Now.AddMinutes(-10)),
                Sum = sum,
                Count = counts.Aggregate(0UL, (all, count) => all + count),
                ExplicitBounds = { 10, 20, 50 },
            };
            point.BucketCounts.Add(counts);
            point.Attributes.Add(Sent.Attributes([("user.id", unit)]));
            return point;
        }

        Metric Of(HistogramDataPoint point) => new() { Name = "basket.value", Histogram = new Histogram { AggregationTemporality = temporality, DataPoints = { point } } };
        (await client.TakenAsync(Sent.Metrics(Of(Point(1, 160, 2, 3, 0, 1))))).ShouldBe((0, ""));
        (await client.TakenAsync(Sent.Metrics(Of(temporality == AggregationTemporality.Delta ? Point(2, 31, 0, 0, 1, 0) : Point(2, 191, 2, 3, 1, 1))))).ShouldBe((0, ""));

        var values = (await ValuesAsync(client, unit)).Select(v => v.Value).ToList();
        values.Count.ShouldBe(7);
        values.Sum().ShouldBe(191m, 0.00001m);
        (values.Count(v => v <= 10), values.Count(v => v is > 10 and <= 20), values.Count(v => v is > 20 and <= 50), values.Count(v => v > 50)).ShouldBe((2, 3, 1, 1));
    }

    [Fact]
    public async Task an_exponential_histogram_keeps_its_buckets_when_the_sender_lowers_the_scale()
    {
        using var client = running.Server.Admin();
        ExponentialHistogramDataPoint Point(int minute, int scale, int offset, ulong zero, params ulong[] counts)
        {
            var point = new ExponentialHistogramDataPoint
            {
                TimeUnixNano = Sent.Nanoseconds(Now.AddMinutes(minute - 10)),
                StartTimeUnixNano = Sent.Nanoseconds(Now.AddMinutes(-10)),
                Scale = scale,
                ZeroCount = zero,
                Count = zero + counts.Aggregate(0UL, (all, count) => all + count),
                Positive = new() { Offset = offset, BucketCounts = { counts } },
            };
            point.Attributes.Add(Sent.Attributes([("user.id", "e1")]));
            return point;
        }

        Metric Of(ExponentialHistogramDataPoint point) => new() { Name = "e", ExponentialHistogram = new ExponentialHistogram { AggregationTemporality = AggregationTemporality.Cumulative, DataPoints = { point } } };
        // Scale 1: bases of √2; buckets 2 and 3 are (2, 2.83] and (2.83, 4]. At scale 0 both are bucket 1, (2, 4].
        (await client.TakenAsync(Sent.Metrics(Of(Point(1, 1, 2, 1, 1, 1))))).ShouldBe((0, ""));
        (await client.TakenAsync(Sent.Metrics(Of(Point(2, 0, 1, 1, 3, 0, 2))))).ShouldBe((0, ""));

        var values = (await ValuesAsync(client, "e1")).Select(v => v.Value).ToList();
        values.Count.ShouldBe(6);
        (values.Count(v => v == 0), values.Count(v => v is > 2 and <= 4), values.Count(v => v is > 8 and <= 16)).ShouldBe((1, 3, 2));
    }

    [Fact]
    public async Task what_cannot_be_kept_or_counted_is_told_by_its_place()
    {
        using var client = running.Server.Admin();
        var summary = new Metric { Name = "m", Summary = new Summary { DataPoints = { new SummaryDataPoint { TimeUnixNano = Sent.Nanoseconds(Now) } } } };
        summary.Summary.DataPoints[0].Attributes.Add(Sent.Attributes([("user.id", "bad")]));
        var armOnly = Sent.Point(null, 1, Now);
        armOnly.Attributes.Add(Sent.Attributes([("feature_flag.key", "f"), ("feature_flag.variant", "on"), ("feature_flag.version", "1")]));
        var noTime = Sent.Point("bad", 1, Now);
        noTime.TimeUnixNano = 0;
        var uneven = new Metric { Name = "h", Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Delta, DataPoints = { new HistogramDataPoint { TimeUnixNano = Sent.Nanoseconds(Now), Count = 2, ExplicitBounds = { 1 }, BucketCounts = { 1, 1, 1 } } } } };
        uneven.Histogram.DataPoints[0].Attributes.Add(Sent.Attributes([("user.id", "bad")]));
        var large = new Metric { Name = "h", Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Delta, DataPoints = { new HistogramDataPoint { TimeUnixNano = Sent.Nanoseconds(Now), Count = 20_000, Sum = 1 } } } };
        large.Histogram.DataPoints[0].Attributes.Add(Sent.Attributes([("user.id", "bad")]));
        var nothing = Sent.Point("bad", 1, Now);
        nothing.Flags = 1;

        var (rejected, message) = await client.TakenAsync(Sent.Metrics(
            Sent.Sum("m", AggregationTemporality.Delta,
                Sent.Point("well-formed-point", 1, Now), Sent.Point("bad", double.NaN, Now), Sent.Point("bad", double.NegativeInfinity, Now), Sent.Point("bad", 1e13, Now), noTime, armOnly, Sent.Point(null, 1, Now), nothing),
            Sent.Sum("m", AggregationTemporality.Unspecified, Sent.Point("bad", 1, Now)), summary, uneven, large));

        rejected.ShouldBe(9);
        string[] places =
        [
            "metrics[0].sum.dataPoints[1].asDouble", "metrics[0].sum.dataPoints[2].asDouble", "metrics[0].sum.dataPoints[3].asDouble", "metrics[0].sum.dataPoints[4].timeUnixNano",
            "metrics[0].sum.dataPoints[5].attributes.feature_flag.context.id", "metrics[1].sum.dataPoints[0].aggregationTemporality", "metrics[2].summary.dataPoints[0].quantileValues",
            "metrics[3].histogram.dataPoints[0].bucketCounts", "metrics[4].histogram.dataPoints[0].count",
        ];
        foreach (var place in places)
            message.ShouldContain($"resourceMetrics[0].scopeMetrics[0].{place}: ");
        message.ShouldContain("1 data points name no unit");
        (await ValuesAsync(client, "bad")).ShouldBeEmpty();
        (await ValuesAsync(client, "well-formed-point")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task where_requests_come_from_metrics_their_durations_count_per_arm_and_spans_still_as_spans()
    {
        await using var server = new DeliveryServer(await postgres.CreateDatabaseAsync("durations"), settings: new Dictionary<string, string> { ["Metrics:Otlp:RequestsFrom"] = "Metrics" });
        using var client = server.Admin();
        Metric Durations(string variant, string? error, params ulong[] counts)
        {
            var point = new HistogramDataPoint
            {
                TimeUnixNano = Sent.Nanoseconds(Now),
                Count = counts.Aggregate(0UL, (all, count) => all + count),
                ExplicitBounds = { 0.1, 0.5 },
            };
            point.BucketCounts.Add(counts);
            point.Attributes.Add(Sent.Attributes([("feature_flag.key", "by-metric"), ("feature_flag.result.variant", variant), ("feature_flag.version", "2")]));
            if (error is not null)
                point.Attributes.Add(Sent.Attributes([("error.type", error)]));
            return new Metric { Name = "http.server.request.duration", Unit = "s", Histogram = new Histogram { AggregationTemporality = AggregationTemporality.Delta, DataPoints = { point } } };
        }

        (await client.TakenAsync(Sent.Metrics(Durations("on", null, 5, 3, 0), Durations("on", "500", 0, 2, 0), Durations("off", null, 7, 0, 0)))).ShouldBe((0, ""));

        var epoch = (await client.CompleteHealthAsync("by-metric", "on", Cancel))["epochs"]!.AsArray().ShouldHaveSingleItem()!;
        long Of(string arm, string what) => epoch[arm]![what]!.GetValue<long>();
        (Of("released", "requests"), Of("released", "errors"), Of("control", "requests"), Of("control", "errors")).ShouldBe((10, 2, 7, 0));
        epoch["released"]!["latency"]!.AsArray().Where(bucket => bucket!["toMicroseconds"]!.GetValue<long>() <= 101_000).Sum(bucket => bucket!["count"]!.GetValue<long>()).ShouldBe(5);
    }

    [Fact]
    public async Task json_is_taken_with_its_numbers_as_text_and_an_unknown_signal_is_refused()
    {
        using var client = running.Server.Admin();
        var json = """
            {"resourceMetrics":[{"scopeMetrics":[{"scope":{"name":"s"},"metrics":[{"name":"j","unit":"1","sum":{"aggregationTemporality":1,"isMonotonic":true,
            "dataPoints":[{"attributes":[{"key":"user.id","value":{"stringValue":"by-json-point"}}],"timeUnixNano":"TIME","asInt":"4","exemplars":[]},
            {"attributes":[{"key":"user.id","value":{"stringValue":"by-json-point"}}],"timeUnixNano":"TIME","asDouble":"NaN"}]}}]}]}]}
            """.Replace("TIME", $"{Sent.Nanoseconds(Now)}", StringComparison.Ordinal);

        using var response = await client.PostAsync("/v1/metrics", Encoding.UTF8.GetBytes(json), "application/json", zipped: true);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!;
        answer["partialSuccess"]!["rejectedDataPoints"]!.GetValue<string>().ShouldBe("1");
        (await ValuesAsync(client, "by-json-point")).ShouldBe([("j", 4m)]);
        using var broken = await client.PostAsync("/v1/metrics", [0x0a, 0xff]);
        broken.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var nobody = running.Server.With(null);
        using var refused = await nobody.PostAsync("/v1/metrics", []);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<IReadOnlyList<(string Name, decimal Value)>> ValuesAsync(HttpClient client, string unit) =>
        [.. (await client.EventsAsync($"unit={unit}&limit=100")).Select(e => (e["name"]!.GetValue<string>(), e["value"]!.GetValue<decimal>()))];
}
