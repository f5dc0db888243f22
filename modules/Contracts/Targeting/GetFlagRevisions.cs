using Delivery.Evaluation;
using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Asks Targeting for every version of a flag that concerned one environment; null when there is no such flag.</summary>
public sealed record GetFlagRevisions(string Flag, string Environment) : IQuery<FlagRevisions?>;

/// <summary>A flag's versions in one environment.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Owner">The owner team's key now, or null.</param>
/// <param name="Revisions">Oldest first; never empty.</param>
public sealed record FlagRevisions(string Flag, string Environment, string? Owner, IReadOnlyList<FlagRevision> Revisions);

/// <summary>A version of a flag in one environment.</summary>
/// <param name="At">When it was committed.</param>
/// <param name="Definition">The flag as evaluated from then on; it carries its version and sequence.</param>
public sealed record FlagRevision(DateTimeOffset At, FlagDefinition Definition);
