using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class TargetingModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddTargeting(this IHostApplicationBuilder builder)
    {
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapTargeting(this IEndpointRouteBuilder endpoints)
    {
    }
}
