using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Catalogue;
using Delivery.Metrics.Events;
using Delivery.Metrics.Exploring;
using Delivery.Metrics.Health;
using Delivery.Metrics.Intake;
using Delivery.Metrics.Intake.OpenTelemetry;
using Delivery.Metrics.Measuring;
using Delivery.Metrics.Queries;
using Delivery.Metrics.Scoring;
using Delivery.Metrics.Service;
using Delivery.Otlp;
using Delivery.Segments;
using Delivery.Statistics;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Metrics;

/// <summary>Registers the module: its log, the fold, its endpoints.</summary>
public static class MetricsModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddMetrics(this IHostApplicationBuilder builder)
    {
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<Catalogue.Metric>().DatabaseSchemaName(EventTable.Schema);
            options.Projections.Snapshot<Catalogue.Metric>(SnapshotLifecycle.Inline);
        });
        builder.AddSegmentLog(EventTable.Table);
        builder.Services.AddOptions<FoldLimits>().BindConfiguration(FoldLimits.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<LiveHealth>();
        builder.Services.AddSingleton<LogHeads>();
        builder.Services.AddSingleton<EventPages>();
        builder.Services.AddOptions<OtlpEventOptions>().BindConfiguration(OtlpEventOptions.Section).ValidateDataAnnotations()
            .Validate(o => o.UnitNames.Count > 0, "Metrics:Otlp:UnitAttributes names at least one attribute.").ValidateOnStart();
        builder.Services.AddSingleton<OtlpTally>();
        builder.Services.AddSingleton<SeriesStore>();
        builder.Services.AddScoped<IOtlpConsumer<ExportTraceServiceRequest>, OtlpEvents>();
        builder.Services.AddScoped<IOtlpConsumer<ExportMetricsServiceRequest>, OtlpEvents>();
        builder.Services.AddHostedService<HealthFolding>();
        builder.Services.AddHostedService<FoldTelemetry>();
        builder.Services.AddSingleton<MomentBook>();
        builder.Services.AddSingleton<MomentMemory>();
        builder.Services.AddSingleton<MomentSql>();
        builder.Services.AddSingleton(services => new CapSql(
            services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<IOptions<FoldLimits>>().Value));
        builder.Services.AddOptions<MomentOptions>().BindConfiguration(MomentOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SnapshotStore>();
        builder.Services.AddHostedService<SnapshotKeeping>();
        builder.Services.AddSingleton<MomentAudit>();
        builder.Services.AddHostedService(services => services.GetRequiredService<MomentAudit>());
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

        api.MapGet("metrics/otlp", (OtlpTally tally) => Results.Json(new Page<OtlpCount>(tally.Read(), null), Json.Options)).WithTags("Metrics")
            .WithSummary("What came by OTLP since the server's start, and became of it: taken, unattributed, rejected, ...").Produces<Page<OtlpCount>>();

        var metrics = api.MapGroup("metrics").WithTags("Metrics");
        metrics.MapGet("", CatalogueEndpoints.List).WithSummary("Lists the catalogue: ?archived=true shows retired ones too").Produces<Page<MetricView>>();
        metrics.MapGet("moments", MomentEndpoints.Get).WithSummary("Exact sums per flag version and variant: ?environment= flag= fromVersion= metric=").Produces<MetricMoments>();
        metrics.MapGet("moments/check", MomentEndpoints.Check).WithSummary("The same sums by SQL over the raw rows, and where the two differ").Produces<MomentCheck>();
        metrics.MapGet("scorecard", ScorecardEndpoint.Get)
            .WithSummary("A flag's variants compared: ?environment= flag= baseline= fromVersion= metric= test=anytime|fixed; without metric by the system's").Produces<Scorecard>();
        metrics.MapPost("try", MomentEndpoints.Try).WithSummary("Measures a metric on past data before it is saved: exact sums, and how the variants would compare").Produces<TrialAnswer>();
        metrics.MapGet("{key}", CatalogueEndpoints.Get).WithSummary("Shows one metric, as it is or as it was: ?version=").Produces<MetricView>();
        metrics.MapGet("{key}/series", SeriesEndpoint.Get)
            .WithSummary("A metric over time: ?environment= from= to= step=15m flag= by=variant|none segment=property:NAME|attribute:NAME fromVersion=").Produces<MetricSeriesAnswer.Series>();
        metrics.MapPut("{key}", CatalogueEndpoints.Put).WithSummary("Defines a metric, or makes it measure something else; capFrom takes the cap from a percentile of what units had before");
        metrics.MapDelete("{key}", CatalogueEndpoints.Archive).WithSummary("Retires a metric");

        var statistics = api.MapGroup("statistics").WithTags("Statistics");
        statistics.MapPost("compare", StatisticsEndpoints.Compare)
            .WithSummary("Compares two arms from their sums").Produces<CompareOutcome.Compared>();
        statistics.MapPost("srm", StatisticsEndpoints.Srm)
            .WithSummary("Tests a split against its weights").Produces<SrmAnswer.Tested>();
        statistics.MapPost("power", StatisticsEndpoints.Power)
            .WithSummary("Plans an experiment: two of effect, units and power give the third").Produces<PowerAnswer.Planned>();
    }
}
