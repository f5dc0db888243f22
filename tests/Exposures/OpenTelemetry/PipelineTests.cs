using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Delivery.Testing;
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
        using (var loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options => options.AddOtlpExporter(To(server, "v1/logs")))))
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

    private static IEnumerable<KeyValuePair<string, object?>> Attributes(int unit) =>
    [
        new("feature_flag.key", "by-log"), new("feature_flag.result.variant", unit % 2 == 0 ? "on" : "off"), new("feature_flag.result.reason", "targeting_match"),
        new("feature_flag.context.id", string.Create(CultureInfo.InvariantCulture, $"user-{unit}")), new("feature_flag.set.id", "production"),
        new("feature_flag.version", "7"), new("feature_flag.provider.name", "OFREP"),
    ];

    private static Action<OtlpExporterOptions> To(ServerProcess server, string path) => options =>
    {
        options.Endpoint = new Uri(server.Http.BaseAddress!, path);
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Headers = $"X-API-Key={DeliveryServer.AdminKey}";
    };

    private static async Task<List<JsonElement>> RowsAsync(ServerProcess server, string flag, CancellationToken cancellationToken) =>
        [.. (await Ledger.Json(await server.Http.GetAsync($"/api/v1/exposures?flag={flag}", cancellationToken))).GetProperty("items").EnumerateArray()];
}
