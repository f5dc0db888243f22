using JasperFx.Events.Projections;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Rollouts;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class RolloutsModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddRollouts(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RolloutOptions>().BindConfiguration(RolloutOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddScoped<RolloutStream>();
        builder.Services.AddSingleton<Due>();
        builder.Services.AddHostedService<DueWorker>();
        builder.Services.AddSingleton<LookBook>();
        builder.Services.AddSingleton<FlagInLine>();
        builder.Services.AddSingleton<Watch>();
        builder.Services.AddSingleton<Conductor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Conductor>());
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<Rollout>().DatabaseSchemaName("rollouts").Index(r => r.Watched);
            options.Schema.For<LiveRelease>().DatabaseSchemaName("rollouts");
            options.Projections.Snapshot<Rollout>(SnapshotLifecycle.Inline);
        });
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapRollouts(this IEndpointRouteBuilder endpoints) => RolloutEndpoints.Map(endpoints);
}
