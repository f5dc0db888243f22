using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Evaluating;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Import;
using Delivery.Targeting.Lifecycle;
using Delivery.Targeting.Live;
using Delivery.Targeting.Ofrep;
using Delivery.Targeting.Populations;
using Delivery.Targeting.Previewing;
using Delivery.Targeting.Proposals;
using Delivery.Targeting.Scheduling;
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
        var code = new CodeIndex();
        builder.Services.AddSingleton(code);
        builder.Services.AddSingleton<RecentUsage>();
        builder.Services.AddScoped<LifecycleBook>();
        builder.Services.AddOptions<LifecycleOptions>().BindConfiguration(LifecycleOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddScoped<FlagWriter>();
        builder.Services.AddScoped<UploadMembers>();
        builder.Services.AddScoped<GuardedEnvironments>();
        builder.Services.AddScoped<ChangeMaker>();
        builder.Services.AddScoped<ChangeScheduler>();
        builder.Services.AddScoped<Forecast>();
        builder.Services.AddHostedService<LoadConfiguration>();
        builder.Services.AddHostedService<AnnouncedCommits>();
        builder.Services.AddHostedService<Heartbeat>();
        builder.Services.AddSingleton<ScheduleClock>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ScheduleClock>());
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<Flag>().DatabaseSchemaName(Schema);
            options.Schema.For<DeliveryEnvironment>().DatabaseSchemaName(Schema);
            options.Schema.For<Population>().DatabaseSchemaName(Schema);
            options.Schema.For<ScheduledChange>().DatabaseSchemaName(Schema).Index(change => change.Pending);
            options.Schema.For<Proposal>().DatabaseSchemaName(Schema);
            options.Projections.Snapshot<ScheduledChange>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<Proposal>(SnapshotLifecycle.Inline);
            options.Schema.For<CodeRepository>().DatabaseSchemaName(Schema);
            options.Projections.Snapshot<CodeRepository>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<Population>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<Flag>(SnapshotLifecycle.Inline);
            options.Projections.Snapshot<DeliveryEnvironment>(SnapshotLifecycle.Inline);
            options.Listeners.Add(new ConfigurationCommits(live, code));
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
        endpoints.MapScheduledChanges();
        endpoints.MapProposals();
        endpoints.MapLifecycle();
        endpoints.MapPopulations();
        endpoints.MapImport();
        endpoints.MapEvaluate();
        endpoints.MapPreview();
        endpoints.MapRulesets();
        endpoints.MapOfrep();
    }
}
