using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Targeting.Ofrep;

/// <summary>OpenFeature Remote Evaluation Protocol 0.3.0: any OpenFeature SDK is a client. Reads memory only.</summary>
internal static class OfrepEndpoints
{
    public static void AddOfrep(this IServiceCollection services)
    {
        services.AddSingleton<StreamTokens>();
        services.AddSingleton<KeyRates>();
        services.AddSingleton<OfrepSingle>();
        services.AddSingleton<OfrepBulk>();
        services.AddSingleton<OfrepStream>();
        services.AddOptions<OfrepOptions>().BindConfiguration(OfrepOptions.Section).ValidateDataAnnotations().ValidateOnStart();
    }

    public static void MapOfrep(this IEndpointRouteBuilder endpoints)
    {
        var single = endpoints.ServiceProvider.GetRequiredService<OfrepSingle>();
        var bulk = endpoints.ServiceProvider.GetRequiredService<OfrepBulk>();
        var stream = endpoints.ServiceProvider.GetRequiredService<OfrepStream>();
        var ofrep = endpoints.MapGroup("/ofrep/v1").WithTags("OFREP").WithMetadata(new OfrepErrors());
        ofrep.MapPost("evaluate/flags/{key}", (RequestDelegate)single.AnswerAsync)
            .RequireAuthorization(AccessPolicy.ClientSdk).WithMetadata(new AnswersFromMemory(AccessRole.ClientSdk, "key", single.AnswerAsync))
            .WithSummary("Evaluates one flag for a context");
        ofrep.MapPost("evaluate/flags", (RequestDelegate)bulk.AnswerAsync)
            .RequireAuthorization(AccessPolicy.ClientSdk).WithSummary("Evaluates all flags the key may see for a context; ETag over context and configuration");
        ofrep.MapGet("stream", (RequestDelegate)stream.AnswerAsync)
            .AllowAnonymous().WithSummary("Tells when to evaluate anew, as server-sent events; the address comes from a bulk evaluation");
    }
}
