using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Delivery.Exposures.Tests.Verifying;
using Delivery.Otlp;
using Google.Protobuf;

namespace Delivery.Exposures.Tests.OpenTelemetry;

public sealed class OtlpTests(SharedLedger shared) : IClassFixture<SharedLedger>
{
    private readonly Ledger _ledger = shared.Ledger;

    [Fact]
    public async Task a_log_records_evaluation_becomes_an_exposure()
    {
        var time = TimeProvider.System.GetUtcNow().AddHours(-2);

        var answer = await Otlp.TakenAsync(_ledger.Http, Otlp.Logs(Otlp.Evaluation(1, "by-log", "käthe 🦊", time: time)));

        answer.PartialSuccess.ShouldBeNull();
        var row = (await RowsAsync("by-log")).ShouldHaveSingleItem();
        row.ShouldSatisfyAllConditions(
            () => Text(row, "environment").ShouldBe("production"),
            () => Text(row, "variant").ShouldBe("on"),
            () => Text(row, "unit").ShouldBe("käthe 🦊"),
            () => Text(row, "reason").ShouldBe("SPLIT"),
            () => row.GetProperty("flagVersion").GetInt64().ShouldBe(3),
            () => row.GetProperty("time").GetDateTimeOffset().ShouldBe(time, TimeSpan.FromMicroseconds(1)),
            () => Text(row, "timing").ShouldBe("late"),
            () => Text(row, "source").ShouldBe("otlp:basket:OFREP"));
    }

    [Fact]
    public async Task names_of_earlier_conventions_are_understood_in_log_records_and_span_events()
    {
        var record = Otlp.Evaluation(2, "unused", "unused");
        record.EventName = "";
        record.Attributes.Clear();
        record.Attributes.Add(Otlp.Attributes(
            ("event.name", "feature_flag.evaluation"), ("feature_flag.key", "earlier"), ("feature_flag.variant", "on"), ("feature_flag.context.id", "u1"),
            ("feature_flag.evaluation.reason", "TARGETING_MATCH"), ("feature_flag.provider_name", "older")));
        var span = Otlp.Span(3, ("feature_flag", [("feature_flag.key", "earlier"), ("feature_flag.variant", "off"), ("feature_flag.context.id", "u2")]), ("exception", []));

        (await Otlp.TakenAsync(_ledger.Http, Otlp.Logs(record))).PartialSuccess.ShouldBeNull();
        (await Otlp.TakenAsync(_ledger.Http, Otlp.Traces(span))).PartialSuccess.ShouldBeNull();

        (await RowsAsync("earlier")).Select(row => (Text(row, "unit"), Text(row, "variant"), Text(row, "reason"), Text(row, "source")))
            .ShouldBe([("u1", "on", "TARGETING_MATCH", "otlp:basket:older"), ("u2", "off", "UNKNOWN", "otlp")]);
    }

    [Fact]
    public async Task what_is_no_evaluation_or_served_no_variant_is_taken_and_what_nobody_can_be_found_in_is_rejected_with_a_reason()
    {
        var noUnit = Otlp.Evaluation(10, "mixed", "");
        var noVariant = Otlp.Evaluation(11, "mixed", "u1", "");
        var failed = Otlp.Evaluation(12, "mixed", "u2", "", null, ("error.type", "flag_not_found"));
        var noTime = Otlp.Evaluation(13, "mixed", "u3");
        noTime.TimeUnixNano = 0;
        var other = new LogRecord { Body = new AnyValue { StringValue = "GET / 200" }, TimeUnixNano = 1 };

        var answer = await Otlp.TakenAsync(_ledger.Http, Otlp.Logs(noUnit, noVariant, failed, noTime, other, Otlp.Evaluation(14, "mixed", "u4")));

        answer.PartialSuccess.RejectedLogRecords.ShouldBe(3);
        answer.PartialSuccess.ErrorMessage.ShouldContain("feature_flag.context.id (1)");
        answer.PartialSuccess.ErrorMessage.ShouldContain("feature_flag.result.variant (1)");
        answer.PartialSuccess.ErrorMessage.ShouldContain("timeUnixNano (1)");
        (await RowsAsync("mixed")).Select(row => Text(row, "unit")).ShouldBe(["u4"]);
    }

    [Fact]
    public async Task a_span_is_rejected_once_however_many_of_its_events_are()
    {
        var span = Otlp.Span(20,
            ("feature_flag", [("feature_flag.key", "spans"), ("feature_flag.variant", "on")]),
            ("feature_flag", [("feature_flag.key", "spans"), ("feature_flag.variant", "off")]),
            ("feature_flag", [("feature_flag.key", "spans"), ("feature_flag.variant", "on"), ("feature_flag.context.id", "u1")]));

        var answer = await Otlp.TakenAsync(_ledger.Http, Otlp.Traces(span));

        answer.PartialSuccess.RejectedSpans.ShouldBe(1);
        answer.PartialSuccess.ErrorMessage.ShouldStartWith("2 flag evaluations");
        (await RowsAsync("spans")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task told_again_in_any_encoding_and_batching_it_changes_no_answer()
    {
        var records = Enumerable.Range(30, 5).Select(n => Otlp.Evaluation(n, "again", $"u{n}")).ToList();
        var request = Otlp.Logs(records);
        await Otlp.TakenAsync(_ledger.Http, request);
        var rows = await RowsAsync("again");
        var stored = await _ledger.RowsAfterAsync(0);

        await Otlp.TakenAsync(_ledger.Http, request);
        (await _ledger.RowsAfterAsync(0)).ShouldBe(stored);
        var json = await Otlp.SendAsync(_ledger.Http, "/v1/logs", Encoding.UTF8.GetBytes(InJson(records.AsEnumerable().Reverse())), "application/json; charset=utf-8", "gzip");
        ((int)json.StatusCode).ShouldBe(400, "the body is not gzip");
        json = await Otlp.SendAsync(_ledger.Http, "/v1/logs", Zipped(InJson(records.AsEnumerable().Reverse())), "application/json; charset=utf-8", "gzip");

        (await json.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Replace(" ", "", StringComparison.Ordinal).ShouldBe("{}");
        json.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        (await RowsAsync("again")).Select(row => row.GetRawText()).ShouldBe(rows.Select(row => row.GetRawText()));
    }

    [Fact]
    public async Task a_bound_key_tells_of_its_own_environment_only_and_a_person_of_any_there_is()
    {
        await Evaluated.SentAsync(_ledger, HttpMethod.Post, "/api/v1/environments", """{ "key": "otel-staging" }""");
        using var bound = await shared.ClientAsync("client-sdk", "otel-staging");
        string[] sets = ["", "otel-staging", "production", "nowhere"];
        var records = sets
            .Select((set, n) => Otlp.Evaluation(40 + n, "placed", $"u{n}", more: [("feature_flag.set.id", set)])).ToList();

        var fromKey = await Otlp.TakenAsync(bound, Otlp.Logs(records));
        var fromPerson = await Otlp.TakenAsync(_ledger.Http, Otlp.Logs(records));

        fromKey.PartialSuccess.RejectedLogRecords.ShouldBe(2);
        fromPerson.PartialSuccess.RejectedLogRecords.ShouldBe(1);
        fromPerson.PartialSuccess.ErrorMessage.ShouldContain("feature_flag.set.id");
        (await RowsAsync("placed")).Select(row => (Text(row, "unit"), Text(row, "environment")))
            .ShouldBe([("u0", "otel-staging"), ("u1", "otel-staging"), ("u0", "production"), ("u2", "production")]);
    }

    [Fact]
    public async Task an_evaluation_told_by_version_is_derived_again()
    {
        await Evaluated.FlagAsync(_ledger, "otel-derived");
        await Evaluated.SentAsync(_ledger, HttpMethod.Put, "/api/v1/flags/otel-derived/environments/production",
            """{ "default": { "split": { "salt": "s", "weights": [ { "variant": "on", "weight": 5000 }, { "variant": "off", "weight": 5000 } ] } } }""");
        var snapshot = await Evaluated.SnapshotAsync(_ledger);
        var units = Enumerable.Range(0, 20).Select(n => (Unit: $"u{n}", Result: snapshot.Evaluate("otel-derived", new(($"u{n}"))))).ToList();

        await Otlp.TakenAsync(_ledger.Http, Otlp.Logs(units.Select((u, n) => Otlp.Evaluation(
            50 + n, "otel-derived", u.Unit, n == 7 ? (u.Result.VariantKey == "on" ? "off" : "on") : u.Result.VariantKey!,
            more: [("feature_flag.version", $"{u.Result.FlagVersion}"), ("feature_flag.result.reason", $"{u.Result.Reason}".ToLowerInvariant())]))));
        var report = await Evaluated.SentAsync(_ledger, HttpMethod.Post, "/api/v1/exposures/verify", """{ "environment": "production", "flag": "otel-derived" }""");

        (report.GetProperty("matching").GetInt64(), report.GetProperty("differing").GetInt64()).ShouldBe((19, 1));
        report.GetProperty("mismatches")[0].GetProperty("unit").GetString().ShouldBe("u7");
    }

    [Theory]
    [InlineData("/v1/logs", "application/x-protobuf", "\x0a\xff", 400)]
    [InlineData("/v1/traces", "application/x-protobuf", "no protobuf", 400)]
    [InlineData("/v1/logs", "application/json", "{\"resourceLogs\":", 400)]
    [InlineData("/v1/logs", "application/json", "{\"resourceLogs\":7}", 400)]
    [InlineData("/v1/traces", "application/json", "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"not hex\"}]}]}]}", 400)]
    [InlineData("/v1/logs", "text/plain", "", 415)]
    public async Task what_is_no_otlp_is_refused_with_a_status_in_its_own_encoding(string path, string type, string body, int status)
    {
        var response = await Otlp.SendAsync(_ledger.Http, path, Encoding.Latin1.GetBytes(body), type);

        ((int)response.StatusCode).ShouldBe(status);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var message = type == Otlp.Protobuf
            ? Status.Parser.ParseFrom(bytes).Message
            : JsonDocument.Parse(bytes).RootElement.GetProperty("message").GetString();
        message.ShouldNotBeNullOrEmpty();
        response.Content.Headers.ContentType!.MediaType.ShouldBe(type == Otlp.Protobuf ? Otlp.Protobuf : "application/json");
    }

    [Fact]
    public async Task more_than_is_held_is_put_off_and_more_than_8_mb_is_refused()
    {
        await using var small = await shared.AnotherAsync(new Dictionary<string, string> { ["Otlp:BodyBytes"] = "1048576" });
        var large = Otlp.Logs(new LogRecord { Body = new AnyValue { StringValue = new string('x', 2_000_000) } }).ToByteArray();
        var huge = Otlp.Logs(new LogRecord { Body = new AnyValue { StringValue = new string('x', 9_000_000) } }).ToByteArray();

        var later = await Otlp.SendAsync(small.Http, "/v1/logs", large);
        var never = await Otlp.SendAsync(_ledger.Http, "/v1/logs", huge);

        ((int)later.StatusCode).ShouldBe(429);
        later.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        Status.Parser.ParseFrom(await later.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Message.ShouldContain("again");
        ((int)never.StatusCode).ShouldBe(413);
    }

    [Fact]
    public async Task a_commit_that_fails_is_put_off_and_nothing_is_written()
    {
        await using var ledger = await shared.AnotherAsync(null);
        await ledger.ExecuteAsync("""
            CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
            CREATE TRIGGER fault BEFORE INSERT ON exposures.exposures_segments FOR EACH ROW EXECUTE FUNCTION fault();
            """);
        var request = Otlp.Logs(Otlp.Evaluation(70, "unlucky", "u1")).ToByteArray();

        var response = await Otlp.SendAsync(ledger.Http, "/v1/logs", request);

        ((int)response.StatusCode).ShouldBe(503);
        response.Headers.RetryAfter.ShouldNotBeNull();
        await ledger.ExecuteAsync("DROP TRIGGER fault ON exposures.exposures_segments");
        ((int)(await Otlp.SendAsync(ledger.Http, "/v1/logs", request)).StatusCode).ShouldBe(200);
        (await ledger.RowsAfterAsync(0)).ShouldBe(1);
    }

    private async Task<List<JsonElement>> RowsAsync(string flag) =>
        [.. (await _ledger.GetAsync($"/api/v1/exposures?flag={flag}")).GetProperty("items").EnumerateArray()];

    private static string? Text(JsonElement row, string member) => row.GetProperty(member).GetString();

    /// <summary>By the OTLP specification: lowerCamelCase, ids in hex, 64-bit numbers as text, members nobody knows.</summary>
    private static string InJson(IEnumerable<LogRecord> records) => JsonSerializer.Serialize(new
    {
        resourceLogs = new[]
        {
            new
            {
                resource = new { attributes = new[] { new { key = "service.name", value = new { stringValue = "basket" } } }, droppedAttributesCount = 0 },
                scopeLogs = new[]
                {
                    new
                    {
                        scope = new { name = "openfeature" },
                        logRecords = records.Select(record => new
                        {
                            timeUnixNano = $"{record.TimeUnixNano}",
                            severityNumber = 9,
                            eventName = record.EventName,
                            attributes = record.Attributes.Select(a => new { key = a.Key, value = new { stringValue = a.Value.StringValue } }),
                            traceId = Convert.ToHexStringLower(record.TraceId.Span),
                            spanId = Convert.ToHexStringLower(record.SpanId.Span),
                            somethingNew = new { traceId = 7 },
                        }),
                    },
                },
            },
        },
    });

    private static byte[] Zipped(string text)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return zipped.ToArray();
    }
}
