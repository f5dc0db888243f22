using System.Net.Http.Headers;
using Delivery.Otlp;
using Google.Protobuf;

namespace Delivery.Exposures.Tests.OpenTelemetry;

/// <summary>OTLP requests as senders make them.</summary>
internal static class Otlp
{
    public const string Protobuf = "application/x-protobuf";

    public static LogRecord Evaluation(int number, string flag, string unit, string variant = "on", DateTimeOffset? time = null, params (string Key, string Value)[] more)
    {
        var record = new LogRecord
        {
            EventName = "feature_flag.evaluation",
            TimeUnixNano = Nanoseconds(time ?? TimeProvider.System.GetUtcNow()),
            TraceId = ByteString.CopyFrom(new Guid(number, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8).ToByteArray()),
            SpanId = ByteString.CopyFrom(BitConverter.GetBytes((long)number)),
        };
        record.Attributes.Add(Attributes([
            ("feature_flag.key", flag), ("feature_flag.result.variant", variant), ("feature_flag.context.id", unit),
            ("feature_flag.result.reason", "split"), ("feature_flag.version", "3"), ("feature_flag.provider.name", "OFREP"), .. more]));
        return record;
    }

    public static Span Span(int number, params (string Name, (string Key, string Value)[] Attributes)[] events)
    {
        var now = TimeProvider.System.GetUtcNow();
        var span = new Span
        {
            Name = "GET /basket",
            TraceId = ByteString.CopyFrom(new Guid(number, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8).ToByteArray()),
            SpanId = ByteString.CopyFrom(BitConverter.GetBytes((long)number)),
            StartTimeUnixNano = Nanoseconds(now.AddMilliseconds(-20)),
            EndTimeUnixNano = Nanoseconds(now),
        };
        foreach (var (name, attributes) in events)
        {
            var happened = new Span.Types.Event { Name = name, TimeUnixNano = Nanoseconds(now) };
            happened.Attributes.Add(Attributes(attributes));
            span.Events.Add(happened);
        }

        return span;
    }

    public static IEnumerable<KeyValue> Attributes(params IEnumerable<(string Key, string Value)> attributes) =>
        attributes.Select(attribute => new KeyValue { Key = attribute.Key, Value = new AnyValue { StringValue = attribute.Value } });

    public static ExportLogsServiceRequest Logs(params IEnumerable<LogRecord> records)
    {
        var request = new ExportLogsServiceRequest { ResourceLogs = { new ResourceLogs { Resource = new Resource(), ScopeLogs = { new ScopeLogs() } } } };
        request.ResourceLogs[0].Resource.Attributes.Add(Attributes(("service.name", "basket")));
        request.ResourceLogs[0].ScopeLogs[0].LogRecords.Add(records);
        return request;
    }

    public static ExportTraceServiceRequest Traces(params IEnumerable<Span> spans)
    {
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { ScopeSpans = { new ScopeSpans() } } } };
        request.ResourceSpans[0].ScopeSpans[0].Spans.Add(spans);
        return request;
    }

    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, string path, byte[] body, string type = Protobuf, string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        return await client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    public static async Task<ExportLogsServiceResponse> TakenAsync(HttpClient client, ExportLogsServiceRequest request)
    {
        var response = await SendAsync(client, "/v1/logs", request.ToByteArray());
        ((int)response.StatusCode).ShouldBe(200);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(Protobuf);
        return ExportLogsServiceResponse.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    public static async Task<ExportTraceServiceResponse> TakenAsync(HttpClient client, ExportTraceServiceRequest request)
    {
        var response = await SendAsync(client, "/v1/traces", request.ToByteArray());
        ((int)response.StatusCode).ShouldBe(200);
        return ExportTraceServiceResponse.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
