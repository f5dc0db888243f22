using JasperFx.Events.Projections;
using Marten;

namespace Delivery.Server.Routing;

/// <summary>Routes: what they were told, and the rounds that keep their routers in line.</summary>
internal static class RoutingSetup
{
    public static void AddRouting(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<RouteDue>();
        builder.Services.AddSingleton<RouteKeeper>();
        builder.Services.AddSingleton<RouteWatches>();
        builder.Services.AddSingleton<RouteReadings>();
        builder.Services.AddHostedService<RouteRounds>();
        builder.Services.ConfigureMarten(options =>
        {
            options.Schema.For<Route>().DatabaseSchemaName("routing");
            options.Projections.Snapshot<Route>(SnapshotLifecycle.Inline);
        });
    }
}
