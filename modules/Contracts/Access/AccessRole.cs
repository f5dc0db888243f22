namespace Delivery.Contracts.Access;

/// <summary>What a key may do. Each endpoint names the least role it asks for; see <see cref="AccessPolicy"/>.</summary>
public enum AccessRole
{
    /// <summary>Evaluates client-visible flags and sends their exposures and events, in one environment; may sit in a browser.</summary>
    ClientSdk = 1,

    /// <summary>Reads the whole ruleset and sends exposures and events, in one environment; stays on servers.</summary>
    ServerSdk = 2,

    /// <summary>Changes flags, rollouts, metrics and alerts.</summary>
    Operator = 3,

    /// <summary>All that an operator may, and keys, teams and environments.</summary>
    Admin = 4,
}
