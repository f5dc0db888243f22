using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;
using Delivery.Otlp;
using Google.Protobuf;

namespace Delivery.Metrics.Tests.OpenTelemetry;

public sealed class SpanTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_units_span_is_a_request_with_its_duration_and_outcome_whoever_it_names()
    {
        using var client = running.Server.Admin();
        var ended = new DateTimeOffset(Now.Ticks - Now.Ticks % 10, TimeSpan.Zero);
        var failed = Sent.Request(2, Now, 5, ("enduser.id", "span-b"));
        failed.Status = new SpanStatus { Code = SpanStatus.Types.StatusCode.Error };

        var answer = await client.TakenAsync(Sent.Traces(
            Sent.Request(1, ended, 12.5, ("user.id", "span-a"), ("http.response.status_code", 404), ("country", "DE"), ("vip", true), ("ratio", 0.5)),
            failed,
            Sent.Request(3, Now, 5, ("targetingKey", "span-c"), ("user.id", "another"), ("http.response.status_code", 503))));

        answer.ShouldBe((0, ""));
        var a = (await client.EventsAsync("unit=span-a")).ShouldHaveSingleItem();
        a["name"]!.GetValue<string>().ShouldBe("GET /basket");
        a["durationMs"]!.GetValue<decimal>().ShouldBe(12.5m);
        a["error"]!.GetValue<bool>().ShouldBeFalse("404 is the caller's mistake");
        a["time"]!.GetValue<DateTimeOffset>().ShouldBe(ended);
        a["source"]!.GetValue<string>().ShouldBe("otlp:basket");
        a["properties"]!.ToJsonString().ShouldBe("""{"service.name":"basket","span.kind":"server","http.response.status_code":404,"country":"DE","vip":true,"ratio":0.5}""");
        a["flags"].ShouldBeNull();
        (await client.EventsAsync("unit=span-b")).ShouldHaveSingleItem()["error"]!.GetValue<bool>().ShouldBeTrue();
        (await client.EventsAsync("unit=span-c")).ShouldHaveSingleItem()["error"]!.GetValue<bool>().ShouldBeTrue();
    }

    [Fact]
    public async Task a_span_that_names_only_its_arm_counts_for_that_arm()
    {
        using var client = running.Server.Admin();
        Span Arm(int number, string variant, bool failed)
        {
            var span = Sent.Request(number, Now, 30, ("feature_flag.key", "by-arm"), ("feature_flag.result.variant", variant), ("feature_flag.version", "4"));
            span.Status = new SpanStatus { Code = failed ? SpanStatus.Types.StatusCode.Error : SpanStatus.Types.StatusCode.Unset };
            return span;
        }

        (await client.TakenAsync(Sent.Traces(Enumerable.Range(100, 10).Select(n => Arm(n, n < 106 ? "on" : "off", n < 102))))).ShouldBe((0, ""));

        var epoch = (await client.CompleteHealthAsync("by-arm", "on", Cancel))["epochs"]!.AsArray().ShouldHaveSingleItem()!;
        epoch["flagVersion"]!.GetValue<long>().ShouldBe(4);
        (Count(epoch, "released", "requests"), Count(epoch, "released", "errors"), Count(epoch, "control", "requests"), Count(epoch, "control", "errors")).ShouldBe((6, 2, 4, 0));
    }

    [Fact]
    public async Task a_span_sent_again_alone_or_with_others_is_one_request()
    {
        using var client = running.Server.Admin();
        var spans = Enumerable.Range(200, 4).Select(n => Sent.Request(n, Now, 7, ("feature_flag.key", "again"), ("feature_flag.variant", "on"), ("feature_flag.version", 1))).ToList();

        await client.TakenAsync(Sent.Traces(spans));
        await client.TakenAsync(Sent.Traces(spans));
        (await client.EventsAsync("flag=again")).Count.ShouldBe(4, "the same body adds no rows");
        await client.TakenAsync(Sent.Traces(spans.AsEnumerable().Reverse()));

        var epoch = (await client.CompleteHealthAsync("again", "on", Cancel))["epochs"]!.AsArray().ShouldHaveSingleItem()!;
        Count(epoch, "released", "requests").ShouldBe(4);
    }

    [Fact]
    public async Task parts_of_requests_are_passed_over_and_what_names_nobody_is_told()
    {
        using var client = running.Server.Admin();
        var before = await FatesAsync(client);
        var inner = Sent.Request(300, Now, 1, ("user.id", "inner"));
        inner.Kind = Span.Types.SpanKind.Internal;
        inner.ParentSpanId = ByteString.CopyFrom(1, 0, 0, 0, 0, 0, 0, 0);

        var answer = await client.TakenAsync(Sent.Traces(inner, Sent.Request(301, Now), Sent.Request(302, Now.AddDays(-4), 1, ("user.id", "late"))));

        answer.Rejected.ShouldBe(0);
        answer.Message.ShouldContain("1 spans name no unit (feature_flag.context.id, targetingKey, enduser.id, user.id, session.id) and no flag");
        answer.Message.ShouldContain("1 spans came too late");
        (await client.EventsAsync("unit=inner")).ShouldBeEmpty();
        (await client.EventsAsync("unit=late")).ShouldHaveSingleItem()["timing"]!.GetValue<string>().ShouldBe("too-late");
        var after = await FatesAsync(client);
        foreach (var fate in (string[])["inner", "unattributed", "too-late"])
            (after[("traces", fate)] - before.GetValueOrDefault(("traces", fate))).ShouldBeGreaterThanOrEqualTo(1, fate);
    }

    [Fact]
    public async Task a_malformed_span_is_told_by_its_place_and_takes_no_other_with_it()
    {
        using var client = running.Server.Admin();
        var backwards = Sent.Request(400, Now, 1, ("user.id", "good"));
        backwards.EndTimeUnixNano = 1;
        var noStart = Sent.Request(401, Now, 1, ("user.id", "good"));
        noStart.StartTimeUnixNano = 0;
        var noIds = Sent.Request(402, Now, 1, ("user.id", "good"));
        noIds.SpanId = ByteString.Empty;
        var ahead = Sent.Request(403, Now.AddDays(2), 1, ("user.id", "good"));
        var longUnit = Sent.Request(404, Now, 1, ("user.id", new string('u', 501)));
        var noVersion = Sent.Request(405, Now, 1, ("feature_flag.key", "f"), ("feature_flag.variant", "on"));
        var elsewhere = Sent.Request(406, Now, 1, ("user.id", "good"), ("feature_flag.set.id", "nowhere"));

        var (rejected, message) = await client.TakenAsync(Sent.Traces(Sent.Request(407, Now, 1, ("user.id", "well-formed")), backwards, noStart, noIds, ahead, longUnit, noVersion, elsewhere));

        rejected.ShouldBe(7);
        string[] places = ["spans[1].endTimeUnixNano", "spans[2].startTimeUnixNano", "spans[3].spanId", "spans[4].timeUnixNano", "spans[5].unit", "spans[6].attributes.feature_flag.version", "spans[7].attributes.feature_flag.set.id"];
        foreach (var place in places)
            message.ShouldContain($"resourceSpans[0].scopeSpans[0].{place}: ");
        (await client.EventsAsync("unit=well-formed")).Count.ShouldBe(1);
        (await client.EventsAsync("unit=good")).ShouldBeEmpty();
    }

    [Fact]
    public async Task json_and_gzip_are_taken()
    {
        using var client = running.Server.Admin();
        var json = """
            {"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
            "name":"checkout","kind":2,"startTimeUnixNano":"START","endTimeUnixNano":"END","attributes":[{"key":"enduser.id","value":{"stringValue":"by-json"}}],"status":{"code":2}}]}]}]}
            """.Replace("START", $"{Sent.Nanoseconds(Now.AddSeconds(-2))}", StringComparison.Ordinal).Replace("END", $"{Sent.Nanoseconds(Now)}", StringComparison.Ordinal);

        using var response = await client.PostAsync("/v1/traces", Encoding.UTF8.GetBytes(json), "application/json", zipped: true);

        (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel)).ShouldBe((HttpStatusCode.OK, "{ }"));
        var row = (await client.EventsAsync("unit=by-json")).ShouldHaveSingleItem();
        (row["name"]!.GetValue<string>(), row["durationMs"]!.GetValue<decimal>(), row["error"]!.GetValue<bool>()).ShouldBe(("checkout", 2000m, true));
    }

    private static long Count(JsonNode epoch, string arm, string what) => epoch[arm]![what]!.GetValue<long>();

    private static async Task<Dictionary<(string Signal, string Fate), long>> FatesAsync(HttpClient client)
    {
        var page = JsonNode.Parse(await client.GetStringAsync(new Uri("/api/v1/metrics/otlp", UriKind.Relative), Cancel))!;
        return page["items"]!.AsArray().ToDictionary(i => (i!["signal"]!.GetValue<string>(), i["fate"]!.GetValue<string>()), i => i!["elements"]!.GetValue<long>());
    }
}
