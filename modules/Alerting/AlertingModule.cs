using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Alerting;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class AlertingModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddAlerting(this IHostApplicationBuilder builder)
    {
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapAlerting(this IEndpointRouteBuilder endpoints)
    {
    }
}
