using Delivery.Contracts.Http;
using Delivery.Server.Access;
using Microsoft.AspNetCore.Hosting.Server;

namespace Delivery.Server.ShortRoad;

/// <summary>
/// The short road of endpoints that answer from memory (<see cref="AnswersFromMemory"/>). It begins at the web server
/// (<see cref="ShortRoadServer"/>); where someone traces or logs each request, it begins after routing, so that they see this one, too.
/// The key is checked as on the ordinary road, hash and revocation included; only one that was read in the last seconds is known here.
/// </summary>
internal static class ShortRoadSetup
{
    /// <summary>Stands before the web server that is registered; one that is registered later (a test's) stays as it is.</summary>
    public static void AddShortRoad(this WebApplicationBuilder builder)
    {
        var server = builder.Services.Last(service => service.ServiceType == typeof(IServer));
        builder.Services.Remove(server);
        builder.Services.AddSingleton<RequestDurations>();
        builder.Services.AddSingleton<ShortRoads>();
        builder.Services.AddSingleton<IServer>(services => new ShortRoadServer(
            (IServer)(server.ImplementationFactory?.Invoke(services) ?? ActivatorUtilities.CreateInstance(services, server.ImplementationType!)),
            services.GetRequiredService<ShortRoads>()));
    }

    public static void UseShortRoad(this WebApplication app)
    {
        var roads = app.Services.GetRequiredService<ShortRoads>();
        roads.Endpoints = ((IEndpointRouteBuilder)app).DataSources;
        var ring = app.Services.GetRequiredService<KeyRing>();
        app.Use((http, next) => http.GetEndpoint()?.Metadata.GetMetadata<AnswersFromMemory>() is { } road
            && http.Request.Headers.Origin.Count == 0
            && ring.Known(KeySecret.PresentedIn(http.Request.Headers)) is { Holder: var holder }
            && holder.Role >= road.Least
                ? road.Answer(http, holder, (string)http.Request.RouteValues[road.Parameter]!)
                : next(http));
    }
}
