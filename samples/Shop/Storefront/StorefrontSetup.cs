using Delivery.Shop.Demo;
using Delivery.Shop.Traffic;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Delivery.Shop.Storefront;

internal static class StorefrontSetup
{
    /// <summary>Any number; the same one gives the same shop.</summary>
    private const ulong Seed = 20260101;

    internal static void AddStorefront(this WebApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(new ReleaseKeys());
        builder.Services.AddSingleton(provider => new Customers(provider.GetRequiredService<IOptions<TrafficOptions>>().Value.Customers));
        builder.Services.AddSingleton(new Dice(Seed));
        builder.Services.AddSingleton<Pages>();
        builder.Services.AddSingleton<ShopAddress>();
    }

    internal static void MapStorefront(this WebApplication app)
    {
        app.MapGet("/", (HttpContext http, Pages pages) => pages.Home(http));
        app.MapGet("/checkout", (HttpContext http, Pages pages, CancellationToken ct) => pages.CheckoutAsync(http, ct));
        app.MapGet("/search", (HttpContext http, Pages pages, CancellationToken ct) => pages.SearchAsync(http, ct));
        app.MapGet("/recommendations", (HttpContext http, Pages pages, CancellationToken ct) => pages.RecommendationsAsync(http, ct));
    }

    /// <summary>
    /// Answers 500 for what the pages throw. Nothing is logged per failure: the release is meant to fail, and Delivery
    /// counts it.
    /// </summary>
    internal static void UseFailurePage(this WebApplication app) => app.UseExceptionHandler(new ExceptionHandlerOptions
    {
        ExceptionHandler = http => http.Response.WriteAsync("Something went wrong.", http.RequestAborted),
        SuppressDiagnosticsCallback = _ => true,
    });
}
