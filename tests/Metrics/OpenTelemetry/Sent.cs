using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Delivery.Otlp;
using Google.Protobuf;

namespace Delivery.Metrics.Tests.OpenTelemetry;

/// <summary>Spans and data points as senders make them.</summary>
internal static class Sent
{
    private const string Protobuf = "application/x-protobuf";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;

    public static Span Request(int number, DateTimeOffset end, double milliseconds = 20, params (string Key, object Value)[] attributes)
    {
        var span = new Span
        {
            Name = "GET /basket",
            Kind = Span.Types.SpanKind.Server,
            TraceId = ByteString.CopyFrom(new Guid(number, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8).ToByteArray()),
            SpanId = ByteString.CopyFrom(BitConverter.GetBytes((long)number)),
            StartTimeUnixNano = Nanoseconds(end.AddMilliseconds(-milliseconds)),
            EndTimeUnixNano = Nanoseconds(end),
        };
        span.Attributes.Add(Attributes(attributes));
        return span;
    }

    public static ExportTraceServiceRequest Traces(params IEnumerable<Span> spans)
    {
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = Resource(), ScopeSpans = { new ScopeSpans() } } } };
        request.ResourceSpans[0].ScopeSpans[0].Spans.Add(spans);
        return request;
    }

    public static ExportMetricsServiceRequest Metrics(params IEnumerable<Metric> metrics)
    {
        var request = new ExportMetricsServiceRequest { ResourceMetrics = { new ResourceMetrics { Resource = Resource(), ScopeMetrics = { new ScopeMetrics { Scope = new Scope { Name = "shop" } } } } } };
        request.ResourceMetrics[0].ScopeMetrics[0].Metrics.Add(metrics);
        return request;
    }

    public static Metric Sum(string name, AggregationTemporality temporality, params IEnumerable<NumberDataPoint> points)
    {
        var metric = new Metric { Name = name, Sum = new Sum { AggregationTemporality = temporality, IsMonotonic = true } };
        metric.Sum.DataPoints.Add(points);
        return metric;
    }

    public static NumberDataPoint Point(string? unit, double value, DateTimeOffset time, DateTimeOffset? start = null)
    {
        var point = new NumberDataPoint { AsDouble = value, TimeUnixNano = Nanoseconds(time), StartTimeUnixNano = Nanoseconds(start ?? time.AddSeconds(-5)) };
        if (unit is not null)
            point.Attributes.Add(Attributes([("user.id", unit)]));
        return point;
    }

    public static IEnumerable<KeyValue> Attributes(params IEnumerable<(string Key, object Value)> attributes) => attributes.Select(attribute => new KeyValue
    {
        Key = attribute.Key,
        Value = attribute.Value switch
        {
            string text => new AnyValue { StringValue = text },
            int number => new AnyValue { IntValue = number },
            double number => new AnyValue { DoubleValue = number },
            bool truth => new AnyValue { BoolValue = truth },
            var other => throw new ArgumentOutOfRangeException(nameof(attributes), other, "no attribute"),
        },
    });

    public static async Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, byte[] body, string type = Protobuf, bool zipped = false)
    {
        var content = new ByteArrayContent(zipped ? Zipped(body) : body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (zipped)
            content.Headers.ContentEncoding.Add("gzip");
        return await client.PostAsync(path, content, Cancel);
    }

    public static async Task<(long Rejected, string Message)> TakenAsync(this HttpClient client, ExportTraceServiceRequest request)
    {
        using var response = await client.PostAsync("/v1/traces", request.ToByteArray());
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = ExportTraceServiceResponse.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(Cancel));
        return (answer.PartialSuccess?.RejectedSpans ?? 0, answer.PartialSuccess?.ErrorMessage ?? "");
    }

    public static async Task<(long Rejected, string Message)> TakenAsync(this HttpClient client, ExportMetricsServiceRequest request)
    {
        using var response = await client.PostAsync("/v1/metrics", request.ToByteArray());
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = ExportMetricsServiceResponse.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(Cancel));
        return (answer.PartialSuccess?.RejectedDataPoints ?? 0, answer.PartialSuccess?.ErrorMessage ?? "");
    }

    /// <summary>Recorded events, oldest first.</summary>
    public static async Task<IReadOnlyList<JsonNode>> EventsAsync(this HttpClient client, string query)
    {
        using var response = await client.GetAsync(new Uri($"/api/v1/metrics/events?{query}", UriKind.Relative), Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return [.. JsonNode.Parse(text)!["items"]!.AsArray().Select(item => item!).Reverse()];
    }

    private static Resource Resource()
    {
        var resource = new Resource();
        resource.Attributes.Add(Attributes([("service.name", "basket"), ("host.name", "h1")]));
        return resource;
    }

    private static byte[] Zipped(byte[] body)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        return zipped.ToArray();
    }
}
