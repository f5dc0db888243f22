using Delivery.Console.Shell;
using Delivery.Contracts.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Console;

/// <summary>The web console: Blazor pages over the same queries and commands as the HTTP API.</summary>
public static class ConsoleModule
{
    /// <summary>Adds the console's services.</summary>
    public static void AddConsole(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
        builder.Services.AddCascadingAuthenticationState();
        builder.Services.AddScoped<Platform>();
    }

    /// <summary>Maps the console's pages; operators and admins see them.</summary>
    public static void MapConsole(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapStaticAssets().AllowAnonymous();
        endpoints.MapRazorComponents<App>().AddInteractiveServerRenderMode().RequireAuthorization(AccessPolicy.Operator);
    }
}
