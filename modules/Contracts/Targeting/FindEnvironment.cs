using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Asks Targeting for an environment as it is now; null when there is none.</summary>
public sealed record FindEnvironment(string Environment) : IQuery<EnvironmentSummary?>;

/// <summary>What other modules need to know of an environment.</summary>
/// <param name="Key">The environment's key.</param>
/// <param name="RequiresApproval">Whether a change here needs a second person.</param>
public sealed record EnvironmentSummary(string Key, bool RequiresApproval);
