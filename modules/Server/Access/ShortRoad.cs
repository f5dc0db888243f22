using Delivery.Contracts.Http;

namespace Delivery.Server.Access;

/// <summary>
/// The short road of endpoints that answer from memory (<see cref="AnswersFromMemory"/>). The key is checked as on the
/// ordinary road, hash and revocation included; only one that was read in the last seconds is known here. Telemetry counts
/// the request by its route as any other, since routing has happened.
/// </summary>
internal static class ShortRoad
{
    public static void UseShortRoad(this WebApplication app)
    {
        var ring = app.Services.GetRequiredService<KeyRing>();
        app.Use((http, next) => http.GetEndpoint()?.Metadata.GetMetadata<AnswersFromMemory>() is { } road
            && http.Request.Headers.Origin.Count == 0
            && ring.Known(KeySecret.PresentedIn(http.Request.Headers)) is { } holder
            && holder.Role >= road.Least
                ? road.Answer(http, holder)
                : next(http));
    }
}
