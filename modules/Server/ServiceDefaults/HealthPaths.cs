using Microsoft.AspNetCore.Http;

namespace Delivery.ServiceDefaults;

internal static class HealthPaths
{
    public const string Health = "/health";
    public const string Alive = "/alive";

    public static bool IsOne(PathString path) => path.StartsWithSegments(Health) || path.StartsWithSegments(Alive);
}
