using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Metrics;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class MetricsModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddMetrics(this IHostApplicationBuilder builder)
    {
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder endpoints)
    {
    }
}
