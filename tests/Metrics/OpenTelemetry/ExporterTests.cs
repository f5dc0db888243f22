using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;
using Delivery.Testing;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Delivery.Metrics.Tests.OpenTelemetry;

/// <summary>The .NET SDK of OpenTelemetry and its OTLP exporter, a socket, a server process: errors, latency and throughput per arm without any set-up.</summary>
public sealed class ExporterTests(PostgresFixture postgres)
{
    private const int PatientMilliseconds = 60_000;
    private const int Units = 240;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task what_dotnets_exporters_send_is_in_the_scorecard_and_the_releases_health()
    {
        await using var server = await ServerProcess.StartAsync(await postgres.CreateDatabaseAsync("exporter"), Cancel);
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        await server.Http.SendAsync("/sdk/v1/exposures", Enumerable.Range(0, Units).Select(n => Traffic.Exposure(n, "new-basket", Arm(n), 3, Unit(n), start)), "test", 1, Cancel);
        await server.Http.PutAsJsonAsync("/api/v1/metrics/basket-value", JsonNode.Parse(
            """{"name":"Basket","description":"What a unit puts into its basket.","kind":"mean","measure":{"event":"basket.value","of":"value"}}"""), Cancel);

        SendSpans(server, start);
        SendMetrics(server);

        var card = await GetAsync(server, "/api/v1/metrics/scorecard?environment=production&flag=new-basket&baseline=off&metric=request-errors&metric=request-latency-mean&metric=request-latency-p95&metric=requests-per-unit&metric=basket-value");
        card["arms"]!.AsArray().Select(arm => (arm!["variant"]!.GetValue<string>(), arm["units"]!.GetValue<long>())).ShouldBe([("off", 120L), ("on", 120L)]);
        Values(card, "request-errors").ShouldBe([0, 0.25], "a quarter of the requests with the variant fail");
        Values(card, "request-latency-mean").Select(v => Math.Round(v, 6)).ShouldBe([0.1, 0.2]);
        Values(card, "request-latency-p95").Select(v => Math.Round(v, 2)).ShouldBe([0.1, 0.2]);
        Values(card, "requests-per-unit").ShouldBe([2, 2]);
        Values(card, "basket-value").ShouldBe([30, 45], "cumulative points count once");
        Of(card, "request-errors")["comparisons"]![0]!["reading"]!.GetValue<string>().ShouldBe("worse");
        Of(card, "requests-per-unit")["comparisons"]![0]!["absolute"]!["err"]!.GetValue<string>().ShouldBe("no-variance");
        Of(card, "request-errors")["tier"]!.GetValue<string>().ShouldBe("system");

        var epoch = (await server.Http.CompleteHealthAsync("new-basket", "on", Cancel))["epochs"]!.AsArray().ShouldHaveSingleItem()!;
        (Health(epoch, "released", "requests"), Health(epoch, "released", "errors"), Health(epoch, "control", "requests"), Health(epoch, "control", "errors")).ShouldBe((240, 60, 240, 0));
        epoch["released"]!["latency"]!.AsArray().Sum(bucket => bucket!["count"]!.GetValue<long>()).ShouldBe(240);
    }

    private static string Arm(int unit) => unit % 2 == 0 ? "on" : "off";

    private static string Unit(int unit) => string.Create(CultureInfo.InvariantCulture, $"shopper-{unit}");

    /// <summary>Two requests of each unit: 0.2 s with the variant, 0.1 s without; every second unit's second request fails with the variant.</summary>
    private static void SendSpans(ServerProcess server, DateTimeOffset start)
    {
        var name = $"Delivery.Tests.{nameof(ExporterTests)}";
        using var tracer = Sdk.CreateTracerProviderBuilder().AddSource(name).AddOtlpExporter(options =>
        {
            To(server, "v1/traces")(options);
            options.BatchExportProcessorOptions.MaxQueueSize = 4_096;
        }).Build();
        using var activities = new ActivitySource(name);
        foreach (var n in Enumerable.Range(0, 2 * Units))
        {
            var unit = n / 2;
            using var activity = activities.StartActivity("POST /basket", ActivityKind.Server, default(ActivityContext), [new("enduser.id", Unit(unit))], startTime: start.AddSeconds(5))!;
            using (var inner = activities.StartActivity("SELECT"))
                inner!.SetTag("enduser.id", Unit(unit));
            if (n % 2 == 1 && unit % 4 == 0)
                activity.SetStatus(ActivityStatusCode.Error);
            activity.SetEndTime(start.AddSeconds(5 + (Arm(unit) == "on" ? 0.2 : 0.1)).UtcDateTime);
        }

        tracer.ForceFlush(PatientMilliseconds).ShouldBeTrue();
    }

    /// <summary>By the exporter's default, cumulative: the second export repeats the first.</summary>
    private static void SendMetrics(ServerProcess server)
    {
        var name = $"Delivery.Tests.{nameof(ExporterTests)}";
        using var meter = new Meter(name);
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(name).AddOtlpExporter(To(server, "v1/metrics")).Build();
        var basket = meter.CreateCounter<double>("basket.value");
        foreach (var share in (double[])[10, 20])
        {
            foreach (var n in Enumerable.Range(0, Units))
                basket.Add(share * (Arm(n) == "on" ? 1.5 : 1), new KeyValuePair<string, object?>("user.id", Unit(n)));
            provider.ForceFlush(PatientMilliseconds).ShouldBeTrue();
        }
    }

    private static Action<OtlpExporterOptions> To(ServerProcess server, string path) => options =>
    {
        options.TimeoutMilliseconds = PatientMilliseconds;
        options.Endpoint = new Uri(server.Http.BaseAddress!, path);
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Headers = $"X-API-Key={DeliveryServer.AdminKey}";
    };

    private static async Task<JsonNode> GetAsync(ServerProcess server, string path)
    {
        using var response = await server.Http.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private static JsonNode Of(JsonNode card, string metric) => card["metrics"]!.AsArray().Single(m => m!["metric"]!.GetValue<string>() == metric)!;

    private static IEnumerable<double> Values(JsonNode card, string metric) => Of(card, metric)["arms"]!.AsArray().Select(arm => arm!["value"]!.GetValue<double>());

    private static long Health(JsonNode epoch, string arm, string what) => epoch[arm]![what]!.GetValue<long>();
}
