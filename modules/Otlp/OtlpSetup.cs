using Delivery.Contracts.Access;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Otlp;

/// <summary>OTLP/HTTP for the modules: one decoding, any number of consumers.</summary>
public static class OtlpSetup
{
    /// <summary>Adds the intake.</summary>
    public static void AddOtlp(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<OtlpOptions>().BindConfiguration(OtlpOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<OtlpIntake>();
    }

    /// <summary>Maps the signals that have a message in <c>otlp.proto</c>.</summary>
    public static void MapOtlp(this IEndpointRouteBuilder endpoints)
    {
        Map<ExportLogsServiceRequest>(endpoints, "/v1/logs", LogsTaken, "log records; feature_flag.evaluation events become exposures");
        Map<ExportTraceServiceRequest>(endpoints, "/v1/traces", TracesTaken, "spans; feature_flag events in them become exposures, requests of a unit or arm become metric events");
        Map<ExportMetricsServiceRequest>(endpoints, "/v1/metrics", MetricsTaken, "data points; those of a unit become metric events");
    }

    private static void Map<TExport>(IEndpointRouteBuilder endpoints, string path, Func<long, string, IMessage> answer, string takes)
        where TExport : IMessage<TExport>, new() =>
        endpoints.MapPost(path, (HttpContext http, OtlpIntake intake) => intake.TakeAsync<TExport>(http, answer))
            .WithTags("OpenTelemetry").RequireAuthorization(AccessPolicy.ClientSdk)
            .WithSummary($"OTLP/HTTP: takes {takes}. Protobuf or JSON, gzip or not, up to 8 MB inflated. 200 means committed.")
            .Produces(StatusCodes.Status200OK, null, OtlpBody.Protobuf, "application/json");

    private static ExportLogsServiceResponse LogsTaken(long rejected, string message) => rejected == 0 && message.Length == 0
        ? new ExportLogsServiceResponse()
        : new ExportLogsServiceResponse { PartialSuccess = new() { RejectedLogRecords = rejected, ErrorMessage = message } };

    private static ExportTraceServiceResponse TracesTaken(long rejected, string message) => rejected == 0 && message.Length == 0
        ? new ExportTraceServiceResponse()
        : new ExportTraceServiceResponse { PartialSuccess = new() { RejectedSpans = rejected, ErrorMessage = message } };

    private static ExportMetricsServiceResponse MetricsTaken(long rejected, string message) => rejected == 0 && message.Length == 0
        ? new ExportMetricsServiceResponse()
        : new ExportMetricsServiceResponse { PartialSuccess = new() { RejectedDataPoints = rejected, ErrorMessage = message } };
}
