using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Delivery.Exposures.Verifying;

internal static class VerifyingSetup
{
    public static void AddVerifying(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<VerifyingOptions>().BindConfiguration(VerifyingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<CompiledRulesets>();
        builder.Services.AddScoped<ExposureVerifier>();
        builder.Services.AddScoped<TrafficCheck>();
        builder.Services.AddSingleton<TrafficWatch>();
        builder.Services.AddHostedService(services => services.GetRequiredService<TrafficWatch>());
        builder.Services.AddSingleton<VerificationSampler>();
        builder.Services.AddHostedService(services => services.GetRequiredService<VerificationSampler>());
    }

    public static void MapVerifying(this RouteGroupBuilder api)
    {
        api.MapPost("exposures/verify", VerifyExposures.Handle)
            .WithSummary("Derives recorded exposures again from the flag's version and the recorded attributes, newest first, and tells each that differs")
            .Produces<VerificationReport>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("flags/{key}/traffic", FlagTraffic.Handle)
            .WithSummary("Whether units reach a flag's variants in the intended shares: ?environment=, expected against recorded, by allocation epoch and overall")
            .Produces<TrafficReport>().ProducesProblem(StatusCodes.Status404NotFound);
    }
}
