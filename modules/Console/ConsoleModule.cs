using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Delivery.Console;

/// <summary>Registers the module: its documents, handlers and endpoints.</summary>
public static class ConsoleModule
{
    /// <summary>Adds the module's services.</summary>
    public static void AddConsole(this IHostApplicationBuilder builder)
    {
    }

    /// <summary>Maps the module's endpoints.</summary>
    public static void MapConsole(this IEndpointRouteBuilder endpoints)
    {
    }
}
