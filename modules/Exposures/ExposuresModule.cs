using Delivery.Contracts.Access;
using Delivery.Contracts.Exposures;
using Delivery.Exposures.Intake;
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
    }
}
