using System.Security.Claims;

namespace Delivery.Contracts.Access;

/// <summary>Who calls, as far as an endpoint needs to know.</summary>
/// <param name="KeyId">The key's public id.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Environment">The environment an SDK key is bound to; null for operators and admins.</param>
/// <param name="IsRecorded">Whether single evaluations for the holder are recorded as exposures.</param>
public sealed record KeyHolder(string KeyId, AccessRole Role, string? Environment, bool IsRecorded = false)
{
    /// <summary>The holder of the key that the request was signed in with.</summary>
    public static KeyHolder Of(ClaimsPrincipal user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return new KeyHolder(
            user.FindFirstValue(AccessPolicy.KeyIdClaim) ?? "",
            Enum.TryParse<AccessRole>(user.FindFirstValue(AccessPolicy.RoleClaim), out var role) ? role : 0,
            user.FindFirstValue(AccessPolicy.EnvironmentClaim),
            user.HasClaim(claim => claim.Type == AccessPolicy.RecordedClaim));
    }
}
