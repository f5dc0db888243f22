using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;
using Delivery.Metrics.Intake;
using Delivery.Metrics.Queries;
using Delivery.Metrics.Service;
using Delivery.Segments;
using Delivery.Statistics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Metrics;

/// <summary>Registers the module: its log, the fold, its endpoints.</summary>
public static class MetricsModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddMetrics(this IHostApplicationBuilder builder)
    {
        builder.AddSegmentLog(EventTable.Table);
        builder.Services.AddOptions<FoldLimits>().BindConfiguration(FoldLimits.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<LiveHealth>();
        builder.Services.AddSingleton<LogHeads>();
        builder.Services.AddSingleton<EventPages>();
        builder.Services.AddHostedService<HealthFolding>();
        builder.Services.AddHostedService<FoldTelemetry>();
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/sdk/v1/events", EventIntake.Take)
            .WithTags("SDK").RequireAuthorization(AccessPolicy.ClientSdk)
            .WithSummary("Takes a batch of metric events (JSON array or NDJSON, gzip or not); 200 means committed. X-Source and X-Batch make a retry harmless");

        var api = endpoints.MapGroup("/api/v1").RequireAuthorization(AccessPolicy.Operator);
        api.MapGet("releases/health", ReleaseHealthEndpoint.Get).WithTags("Metrics")
            .WithSummary("Counts per flag version and arm: ?environment= flag= variant= fromVersion=").Produces<ReleaseHealth>();
        api.MapGet("metrics/events", (EventQuery query, EventPages pages, CancellationToken cancellationToken) => pages.ReadAsync(query, cancellationToken)).WithTags("Metrics")
            .WithSummary("Recorded metric events, newest first: ?environment= name= unit= flag= from= to= limit= after=").Produces<Page<EventView>>();

        var statistics = api.MapGroup("statistics").WithTags("Statistics");
        statistics.MapPost("compare", StatisticsEndpoints.Compare)
            .WithSummary("Compares two arms from their sums").Produces<CompareOutcome.Compared>();
        statistics.MapPost("srm", StatisticsEndpoints.Srm)
            .WithSummary("Tests a split against its weights").Produces<SrmAnswer.Tested>();
    }
}
