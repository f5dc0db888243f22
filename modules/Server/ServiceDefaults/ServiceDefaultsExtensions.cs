using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Delivery.ServiceDefaults;

/// <summary>What every service of the platform has: telemetry, health, resilient outgoing HTTP, and an end with its starter.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>The tag of health checks that say only whether the process lives.</summary>
    public const string LiveTag = "live";

    /// <summary>
    /// Adds OpenTelemetry (logs, metrics, traces; OTLP only when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set), health
    /// checks, resilience for every <see cref="HttpClient"/> of the factory, and the watch on the parent process.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        Telemetry.Add(builder);
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        builder.Services.ConfigureHttpClientDefaults(client => client.AddStandardResilienceHandler());
        builder.Services.AddHostedService<ParentWatch>();
        return builder;
    }

    /// <summary>Maps <c>/health</c> (all checks) and <c>/alive</c> (those tagged <see cref="LiveTag"/>), open to anyone.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks(HealthPaths.Health).AllowAnonymous();
        app.MapHealthChecks(HealthPaths.Alive, new HealthCheckOptions { Predicate = check => check.Tags.Contains(LiveTag) }).AllowAnonymous();
        return app;
    }

    /// <summary>Maps <c>/metrics</c> for Prometheus. Not open by itself: the caller attaches who may read it.</summary>
    public static IEndpointConventionBuilder MapPrometheusScrape(this WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics");
}
