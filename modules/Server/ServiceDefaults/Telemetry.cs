using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Delivery.ServiceDefaults;

/// <summary>Traces are made only where something takes them: a trace costs each request more than an evaluation does.</summary>
internal static class Telemetry
{
    /// <summary>Meters and activity sources of the platform's own, by name.</summary>
    private const string Own = "Delivery.*";

    /// <summary>Of the web server: its requests, connections and what it could not handle. Not the counters of its routing and memory pools, which count every request again.</summary>
    private static readonly string[] AspNetCore =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Http.Connections", "Microsoft.AspNetCore.Diagnostics"];

    public static void Add(IHostApplicationBuilder builder)
    {
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddMeter(Own)
                .AddMeter(AspNetCore)
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter());
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        telemetry
            .WithTracing(tracing => tracing
                .AddSource(Own, builder.Environment.ApplicationName)
                // Probes come every second and say nothing about users.
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !HealthPaths.IsOne(context.Request.Path))
                .AddHttpClientInstrumentation())
            .UseOtlpExporter();
    }
}
