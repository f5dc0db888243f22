using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Rollouts;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class RolloutsModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddRollouts(this IHostApplicationBuilder builder)
    {
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapRollouts(this IEndpointRouteBuilder endpoints)
    {
    }
}
