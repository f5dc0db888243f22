using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Exposures;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class ExposuresModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddExposures(this IHostApplicationBuilder builder)
    {
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapExposures(this IEndpointRouteBuilder endpoints)
    {
    }
}
