using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Delivery.Testing;
using Delivery.Testing.Node;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace Delivery.Exposures.Tests.OpenTelemetry;

/// <summary>A whole OpenTelemetry pipeline: the .NET SDK and its OTLP exporter, a socket, a server process, the ledger's rows.</summary>
public sealed class PipelineTests(PostgresFixture postgres)
{
    private const string Evaluation = "feature_flag.evaluation";

    [Fact]
    public async Task what_dotnets_exporter_sends_is_in_the_ledger()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await ServerProcess.StartAsync(await postgres.CreateDatabaseAsync("pipeline"), cancellationToken);
        var source = $"Delivery.Tests.{nameof(PipelineTests)}";
        using (var tracer = Sdk.CreateTracerProviderBuilder().AddSource(source).AddOtlpExporter(To(server, "v1/traces")).Build())
        using (var activities = new ActivitySource(source))
        using (var loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options => options.AddOtlpExporter((exporter, processor) =>
        {
            To(server, "v1/logs")(exporter);
            processor.ExportProcessorType = ExportProcessorType.Simple;
        }))))
        {
            var logger = loggers.CreateLogger("openfeature");
            foreach (var unit in Enumerable.Range(0, 20))
            {
                using var activity = activities.StartActivity("checkout")!;
                var attributes = Attributes(unit).ToList();
                logger.Log(LogLevel.Information, new EventId(1, Evaluation), attributes, null, (_, _) => "evaluated");
                logger.Log(LogLevel.Information, default, attributes, null, (_, _) => "something else about a flag");
                activity.AddEvent(new ActivityEvent("feature_flag", tags: new ActivityTagsCollection(
                    [new("feature_flag.key", "by-span"), new("feature_flag.variant", "on"), new("feature_flag.context.id", $"user-{unit}")])));
                activity.AddEvent(new ActivityEvent("cache miss"));
            }
        }

        var byLog = await RowsAsync(server, "by-log", cancellationToken);
        var bySpan = await RowsAsync(server, "by-span", cancellationToken);

        byLog.Select(row => (row.GetProperty("unit").GetString(), row.GetProperty("variant").GetString(), row.GetProperty("reason").GetString(), row.GetProperty("flagVersion").GetInt64()))
            .ShouldBe(Enumerable.Range(0, 20).Select(n => ((string?)$"user-{n}", (string?)(n % 2 == 0 ? "on" : "off"), (string?)"TARGETING_MATCH", 7L)), ignoreOrder: true);
        byLog.ShouldAllBe(row => row.GetProperty("timing").GetString() == "on-time");
        bySpan.Select(row => row.GetProperty("unit").GetString()).ShouldBe(Enumerable.Range(0, 20).Select(n => $"user-{n}"), ignoreOrder: true);
        bySpan.Concat(byLog).Select(row => row.GetProperty("id").GetString()).ShouldBeUnique();
    }

    [Fact]
    public async Task what_openfeatures_hooks_send_is_in_the_ledger_as_the_sdk_saw_it_and_derives_again()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await NodePackages.SkipWhenMissingAsync();
        await using var server = await ServerProcess.StartAsync(await postgres.CreateDatabaseAsync("pipeline"), cancellationToken);
        await SentAsync(server, HttpMethod.Post, "/api/v1/flags", """{ "key": "checkout", "type": "boolean" }""", cancellationToken);
        await SentAsync(server, HttpMethod.Put, "/api/v1/flags/checkout/environments/production",
            """{ "default": { "split": { "salt": "s", "weights": [ { "variant": "on", "weight": 5000 }, { "variant": "off", "weight": 5000 } ] } } }""", cancellationToken);
        await using var node = NodeScript.Start("telemetry.mjs", server.Http.BaseAddress!.AbsoluteUri.TrimEnd('/'), DeliveryServer.AdminKey);
        string[] hooks = ["EventHook", "SpanEventHook", "SpanHook"];
        var seen = new List<(string Unit, string? Variant, long Version)>();
        foreach (var (hook, n) in hooks.SelectMany(hook => Enumerable.Range(0, 10).Select(n => (hook, n))))
        {
            var unit = $"{hook}-{n}";
            var details = await node.AskAsync(new { flag = "checkout", unit, hook }, cancellationToken);
            seen.Add((unit, details.GetProperty("variant").GetString(), long.Parse(details.GetProperty("flagMetadata").GetProperty("version").GetString()!, CultureInfo.InvariantCulture)));
        }

        (await node.AskAsync(new { flag = "nothing", unit = "u1", hook = "EventHook" }, cancellationToken)).GetProperty("errorCode").GetString().ShouldBe("FLAG_NOT_FOUND");
        (await node.AskAsync(new { flush = true }, cancellationToken)).GetProperty("flushed").GetBoolean().ShouldBeTrue();

        var rows = await RowsAsync(server, "checkout", cancellationToken);
        rows.Select(row => (row.GetProperty("unit").GetString()!, row.GetProperty("variant").GetString(), row.GetProperty("flagVersion").GetInt64())).ShouldBe(seen, ignoreOrder: true);
        rows.ShouldAllBe(row => row.GetProperty("environment").GetString() == "production" && row.GetProperty("reason").GetString() == "SPLIT");
        rows.ShouldAllBe(row => row.GetProperty("source").GetString()!.StartsWith("otlp:basket:"));
        (await RowsAsync(server, "nothing", cancellationToken)).ShouldBeEmpty();
        var report = await SentAsync(server, HttpMethod.Post, "/api/v1/exposures/verify", """{ "environment": "production", "flag": "checkout" }""", cancellationToken);
        (report.GetProperty("checked").GetInt64(), report.GetProperty("matching").GetInt64()).ShouldBe((30, 30));
    }

    private static async Task<JsonElement> SentAsync(ServerProcess server, HttpMethod method, string path, string body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        return await Ledger.Json(await server.Http.SendAsync(request, cancellationToken));
    }

    private static IEnumerable<KeyValuePair<string, object?>> Attributes(int unit) =>
    [
        new("feature_flag.key", "by-log"), new("feature_flag.result.variant", unit % 2 == 0 ? "on" : "off"), new("feature_flag.result.reason", "targeting_match"),
        new("feature_flag.context.id", string.Create(CultureInfo.InvariantCulture, $"user-{unit}")), new("feature_flag.set.id", "production"),
        new("feature_flag.version", "7"), new("feature_flag.provider.name", "OFREP"),
    ];

    /// <summary>Each record is sent before its call returns: a batch's end has 5 seconds, too few for a cold server on a busy machine.</summary>
    private static Action<OtlpExporterOptions> To(ServerProcess server, string path) => options =>
    {
        options.ExportProcessorType = ExportProcessorType.Simple;
        options.TimeoutMilliseconds = 60_000;
        options.Endpoint = new Uri(server.Http.BaseAddress!, path);
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Headers = $"X-API-Key={DeliveryServer.AdminKey}";
    };

    private static async Task<List<JsonElement>> RowsAsync(ServerProcess server, string flag, CancellationToken cancellationToken) =>
        [.. (await Ledger.Json(await server.Http.GetAsync($"/api/v1/exposures?flag={flag}", cancellationToken))).GetProperty("items").EnumerateArray()];
}
