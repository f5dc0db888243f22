using Delivery.Contracts.Access;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Exposures.Retention;

internal static class RetentionSetup
{
    public static void AddRetention(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RetentionJob>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RetentionJob>());
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<LedgerRetention>().DatabaseSchemaName(ExposureTable.Schema);
            options.Projections.Snapshot<LedgerRetention>(SnapshotLifecycle.Inline);
        });
    }

    public static void MapRetention(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/ledger/retention", LedgerRetentionEndpoints.Get).WithTags("Exposures").RequireAuthorization(AccessPolicy.Operator)
            .WithSummary("How many days exposures of ?environment= are kept").Produces<RetentionView>();
        endpoints.MapPut("/api/v1/ledger/retention", LedgerRetentionEndpoints.Put).WithTags("Exposures").RequireAuthorization(AccessPolicy.Admin)
            .WithSummary("Sets how many days an environment's exposures are kept; older ones are deleted once a day, their seals stay")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
    }
}
