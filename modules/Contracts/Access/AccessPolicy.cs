using System.Security.Claims;

namespace Delivery.Contracts.Access;

/// <summary>
/// The names of the authorisation policies that endpoints ask for. They nest: an admin may do all that an operator may,
/// an operator all that an SDK key may (naming the environment), a server SDK key all that a client SDK key may.
/// </summary>
public static class AccessPolicy
{
    /// <summary>Any valid key: OFREP, exposures and events intake.</summary>
    public const string ClientSdk = "client-sdk";

    /// <summary>Server SDK keys and above: the compiled ruleset and its stream.</summary>
    public const string ServerSdk = "server-sdk";

    /// <summary>Operators and admins: the management API.</summary>
    public const string Operator = "operator";

    /// <summary>Admins only: keys, teams, environments.</summary>
    public const string Admin = "admin";

    /// <summary>The claim that carries the key's role, by <see cref="AccessRole"/> name.</summary>
    public const string RoleClaim = ClaimTypes.Role;

    /// <summary>The claim that carries the environment an SDK key is bound to.</summary>
    public const string EnvironmentClaim = "delivery:environment";

    /// <summary>The claim that carries the key's public id; it never carries the secret.</summary>
    public const string KeyIdClaim = "delivery:key-id";

    /// <summary>The claim of a key whose single evaluations by OFREP are recorded as exposures.</summary>
    public const string RecordedClaim = "delivery:recorded";

    /// <summary>The policy's name for a role.</summary>
    public static string For(AccessRole role) => role switch
    {
        AccessRole.ClientSdk => ClientSdk,
        AccessRole.ServerSdk => ServerSdk,
        AccessRole.Operator => Operator,
        AccessRole.Admin => Admin,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "no such role"),
    };
}
