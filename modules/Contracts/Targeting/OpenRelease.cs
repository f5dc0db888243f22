using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Contracts.Targeting;

/// <summary>
/// Opens a release to a part of the population: Targeting keeps two rules for the rollout at the head of the flag's
/// environment, one for the rings (a condition that serves <paramref name="Variant"/>) and one split with an exposure
/// percentage. Units outside fall through to what they would get without the release: the control arm.
/// Idempotent: the same stage again changes nothing and answers with the present version.
/// Raising the exposure never moves an exposed unit (the salt is the rollout's for its whole life).
/// </summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Rollout">The rollout's key; names the rules (<see cref="Rule.ManagedBy"/>) and salts the exposure.</param>
/// <param name="Variant">The variant that is released.</param>
/// <param name="UnitAttribute">The attribute that names the unit; <c>targetingKey</c> by default.</param>
/// <param name="Ring">Who gets the variant whatever the percentage, such as the dev team; null for nobody.</param>
/// <param name="ExposurePpm">The exposed part of everyone else, in parts per million: 0 to 1,000,000 (50,000 is 5 %).</param>
public sealed record OpenRelease(
    Audit Audit,
    string Flag,
    string Environment,
    string Rollout,
    string Variant,
    string UnitAttribute,
    Condition? Ring,
    int ExposurePpm) : Command(Audit);

/// <summary>
/// Ends a release: its rules are taken away, every unit falls to what it would get without it. Idempotent.
/// </summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Rollout">The rollout's key.</param>
public sealed record CloseRelease(Audit Audit, string Flag, string Environment, string Rollout) : Command(Audit);
