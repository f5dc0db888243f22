using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Asks Targeting whether there is such an environment.</summary>
public sealed record KnowsEnvironment(string Environment) : IQuery<bool>;
