using Delivery.Contracts.Access;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Exposures.Assignments;
using Delivery.Exposures.Intake;
using Delivery.Exposures.Intake.OpenTelemetry;
using Delivery.Exposures.Intake.Served;
using Delivery.Exposures.Privacy;
using Delivery.Exposures.Queries;
using Delivery.Exposures.Retention;
using Delivery.Exposures.Usage;
using Delivery.Exposures.Verifying;
using Delivery.Otlp;
using Delivery.Segments;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Exposures;

/// <summary>Registers the module: its log, feed and endpoints.</summary>
public static class ExposuresModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddExposures(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ExposureOptions>().BindConfiguration(ExposureOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.AddSegmentLog(ExposureTable.Table);
        builder.Services.AddSingleton<IExposureFeed, LedgerFeed>();
        builder.Services.AddSingleton<EvaluationCounts>();
        builder.Services.AddScoped<IOtlpConsumer<ExportLogsServiceRequest>, OtlpExposures>();
        builder.Services.AddScoped<IOtlpConsumer<ExportTraceServiceRequest>, OtlpExposures>();
        builder.Services.AddOptions<ServedOptions>().BindConfiguration(ServedOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ServedCounts>();
        builder.Services.AddSingleton<ServedExposures>();
        builder.Services.AddSingleton<IExposureSink>(services => services.GetRequiredService<ServedExposures>());
        // After the log: hosted services stop in reverse, and what waits here goes through it.
        builder.Services.AddHostedService(services => services.GetRequiredService<ServedExposures>());
        builder.Services.AddSingleton<LossWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LossWatch>());
        builder.AddPrivacy();
        builder.AddRetention();
        builder.AddVerifying();
        builder.Services.AddSingleton<UsageTally>();
        builder.Services.AddHostedService(services => services.GetRequiredService<UsageTally>());
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapExposures(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/sdk/v1/exposures", ExposureIntake.Take)
            .WithTags("Exposures").RequireAuthorization(AccessPolicy.ClientSdk)
            .WithSummary("Takes a batch of exposures: a JSON array or NDJSON, gzip or not; X-Source and X-Batch make it idempotent. 200 means committed.")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        var api = endpoints.MapGroup("/api/v1").WithTags("Exposures").RequireAuthorization(AccessPolicy.Operator);
        MapQuestions(api);
        MapAssignments(api);
        MapLedger(api);
        api.MapVerifying();
        endpoints.MapPrivacy();
        endpoints.MapRetention();
    }

    private static void MapQuestions(RouteGroupBuilder api)
    {
        api.MapGet("exposures", ListExposures.Handle)
            .WithSummary("Who was exposed: ?flag= variant= unit= reason= rule= version= environment= from= to=, paged by position; Accept application/x-ndjson, text/csv or application/vnd.apache.parquet gives all")
            .Produces<ExposurePage>();
        api.MapGet("units/{unit}/exposures", ListExposures.OfUnit)
            .WithSummary("What a unit was exposed to, when, why, and by which flag version")
            .Produces<ExposurePage>();
        api.MapGet("exposures/counts", CountExposures.Handle)
            .WithSummary("Exposures and units, their shares and exposures an hour, ?by= any of flag, variant, reason, rule, version, environment, timing, minute, hour, day");
        api.MapGet("exposures/units", UnitsExposed.All)
            .WithSummary("The units exposed to ?flag=, each once, with its first exposure")
            .Produces<Page<ExposedUnit>>();
        api.MapGet("exposures/crossovers", UnitsExposed.Crossovers)
            .WithSummary("The units that saw more than one variant of ?flag=")
            .Produces<Page<ExposedUnit>>();
    }

    private static void MapAssignments(RouteGroupBuilder api)
    {
        api.MapGet("exposures/unassigned", AssignmentQueries.Unassigned)
            .WithSummary("Exposures without assignment: units whose newest exposure to ?flag= in ?environment= was recorded although the flag, as of then, gave them none; from= to= after=, limit= units looked at a page")
            .Produces<AssignmentPage>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("exposures/outdated", AssignmentQueries.Outdated)
            .WithSummary("Assignments that no longer hold: units whose newest exposure to ?flag= in ?environment= shows another variant than the flag gives them now; from= to= after=, limit= units looked at a page")
            .Produces<AssignmentPage>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static void MapLedger(RouteGroupBuilder api)
    {
        api.MapGet("ledger", LedgerEndpoints.Get)
            .WithSummary("Where the ledger stands: its head is what to note elsewhere").Produces<LedgerView>();
        api.MapGet("ledger/segments", LedgerEndpoints.Segments)
            .WithSummary("The sealed segments").Produces<Page<SegmentView>>();
        api.MapGet("ledger/head", LedgerExport.Head)
            .WithSummary("The head as a document to keep elsewhere: with it, seals and rows are checked later without this server").Produces<LedgerHeadView>();
        api.MapGet("ledger/seals", LedgerExport.Seals)
            .WithSummary("The seals of the segments ?from= to= (numbers), one JSON object a line")
            .Produces<SealView>(StatusCodes.Status200OK, "application/x-ndjson");
        api.MapGet("ledger/rows", LedgerExport.Rows)
            .WithSummary("The canonical rows of the segments ?from= to= (numbers), in PostgreSQL's binary COPY format");
        api.MapGet("ledger/verify", LedgerEndpoints.Verify)
            .WithSummary("Recomputes hashes and chain of the segments ?from= to= (numbers or times); ?head=SEGMENT:HASH checks a head noted earlier")
            .Produces<Verification>();
    }
}
