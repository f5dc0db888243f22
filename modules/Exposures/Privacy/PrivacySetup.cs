using Delivery.Contracts.Access;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Exposures.Privacy;

internal static class PrivacySetup
{
    public static void AddPrivacy(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<PrivacyOptions>().BindConfiguration(PrivacyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<PrivacyRules>();
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<LedgerPrivacy>().DatabaseSchemaName(ExposureTable.Schema);
            options.Projections.Snapshot<LedgerPrivacy>(SnapshotLifecycle.Inline);
        });
    }

    public static void MapPrivacy(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/ledger/privacy", LedgerPrivacyEndpoints.Get).WithTags("Exposures").RequireAuthorization(AccessPolicy.Operator)
            .WithSummary("Which attributes the ledger hashes or omits in ?environment=").Produces<PrivacyView>();
        endpoints.MapPut("/api/v1/ledger/privacy", LedgerPrivacyEndpoints.Put).WithTags("Exposures").RequireAuthorization(AccessPolicy.Admin)
            .WithSummary("Sets which attributes the ledger hashes or omits in an environment from now on; the whole list")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        endpoints.MapDelete("/api/v1/units/{unit}", ForgetUnitEndpoint.Handle).WithTags("Exposures").RequireAuthorization(AccessPolicy.Admin)
            .WithSummary("Forgets a unit: a pseudonym takes its place in every exposure, its attributes go, counts stay; the ledger shows a redaction")
            .Produces<ForgottenUnit>();
    }
}
