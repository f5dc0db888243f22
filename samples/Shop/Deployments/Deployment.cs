using Delivery.ServiceDefaults;
using Delivery.Shop.Alerts;
using Delivery.Shop.Demo;
using Delivery.Shop.Storefront;
using Delivery.Shop.Traffic;

namespace Delivery.Shop.Deployments;

/// <summary>Runs this program as one version of the shop. The one that has the admin key plays the demo, and sends the customers.</summary>
internal static class Deployment
{
    internal static bool IsOne(IConfiguration configuration) => configuration[$"{DeploymentOptions.Section}:{nameof(DeploymentOptions.Version)}"] is { Length: > 0 };

    internal static async Task RunAsync(WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<DeploymentOptions>().BindConfiguration(DeploymentOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<VersionPages>();
        builder.AddAlertHook();
        if (builder.Configuration["Delivery:AdminKey"] is { Length: > 0 } adminKey)
        {
            var server = new Uri(builder.Configuration["Delivery:ServerUrl"]
                ?? throw new InvalidOperationException("Delivery:ServerUrl is the address of the Delivery server; it is missing."));
            builder.Services.AddSingleton(new PublicApi(server, adminKey));
            builder.Services.AddSingleton<Persistence>();
            builder.AddTraffic();
            builder.Services.AddHostedService<DeploymentRun>();
        }

        var app = builder.Build();
        app.UseFailurePage();
        app.UseRouting();
        app.MapDefaultEndpoints();
        app.MapPrometheusScrape();
        app.MapAlertHook();
        app.MapGet("/checkout", (HttpContext http, VersionPages pages, CancellationToken ct) => pages.CheckoutAsync(http, ct));
        app.MapGet("/search", (VersionPages pages, CancellationToken ct) => pages.SearchAsync(ct));
        app.MapGet("/recommendations", (VersionPages pages, CancellationToken ct) => pages.RecommendationsAsync(ct));
        await app.RunAsync();
    }
}
