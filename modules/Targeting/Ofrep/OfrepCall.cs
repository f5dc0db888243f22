using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>Who asks, about which environment.</summary>
/// <param name="Key">The caller's key.</param>
/// <param name="Environment">The environment its key is bound to, or that it names.</param>
internal readonly record struct OfrepCall(KeyHolder Key, string Environment)
{
    public static OfrepCall Of(HttpContext http, KeyHolder key) => new(key, key.Environment ?? http.Environment());

    /// <summary>A key in a browser or an app: it sees client-visible flags only.</summary>
    public bool IsClient => Key.Role <= AccessRole.ClientSdk;

    public bool MaySee(FlagDefinition? flag) => !IsClient || flag is { ClientVisible: true };
}
