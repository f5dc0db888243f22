using Delivery.Contracts.Targeting;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Evaluating;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Import;
using Delivery.Targeting.Live;
using Delivery.Targeting.Ofrep;
using Delivery.Targeting.Populations;
using Delivery.Targeting.Previewing;
using Delivery.Targeting.Sdk;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class TargetingModule
{
    private const string Schema = "targeting";

    /// <summary>Adds the module's services.</summary>
    public static void AddTargeting(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var live = new LiveRulesets();
        builder.Services.AddSingleton(live);
        builder.Services.AddSingleton<ILiveSnapshots, LiveSnapshots>();
        builder.Services.AddSingleton<CatchUp>();
        builder.Services.AddSingleton<WriteGate>();
        builder.Services.AddScoped<FlagWriter>();
        builder.Services.AddScoped<UploadMembers>();
        builder.Services.AddHostedService<LoadConfiguration>();
        builder.Services.AddHostedService<AnnouncedCommits>();
        builder.Services.AddHostedService<Heartbeat>();
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<Flag>().DatabaseSchemaName(Schema);
            options.Schema.For<DeliveryEnvironment>().DatabaseSchemaName(Schema);
            options.Schema.For<Population>().DatabaseSchemaName(Schema);
            options.Projections.Snapshot<Population>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<Flag>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<DeliveryEnvironment>(SnapshotLifecycle.Inline);
            options.Listeners.Add(new ConfigurationCommits(live));
        });

        builder.Services.AddOfrep();
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapTargeting(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapEnvironments();
        endpoints.MapFlags();
        endpoints.MapFlagVersions();
        endpoints.MapCopyConfiguration();
        endpoints.MapPopulations();
        endpoints.MapImport();
        endpoints.MapEvaluate();
        endpoints.MapPreview();
        endpoints.MapRulesets();
        endpoints.MapOfrep();
    }
}
