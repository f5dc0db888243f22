using Delivery.Evaluation;
using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>
/// Asks Targeting what a flag was evaluated from at a configuration sequence: the flag with everything it depends on, directly
/// or not, as of then. Null where the environment or that sequence is not known, or the flag did not exist yet. An answer for
/// a sequence never changes.
/// </summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Sequence">The configuration sequence, as an evaluation or exposure names it.</param>
public sealed record GetRulesetAsOf(string Flag, string Environment, long Sequence) : IQuery<Ruleset?>;
