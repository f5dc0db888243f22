using Mediator;

namespace Delivery.Contracts.Exposures;

/// <summary>Who was exposed to a flag, in groups of what they got and why: read from the ledger, which takes the longer the more came in since then.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Since">Exposures received since then.</param>
public sealed record GetAudience(string Flag, string Environment, DateTimeOffset Since) : IQuery<Audience>;

/// <summary>The units that met a flag.</summary>
/// <param name="Groups">At most 200, those with the most exposures first.</param>
/// <param name="Units">Distinct units in all of them.</param>
public sealed record Audience(IReadOnlyList<AudienceGroup> Groups, long Units);

/// <summary>Exposures alike.</summary>
/// <param name="Variant">What they got.</param>
/// <param name="Reason">Why: an OpenFeature reason.</param>
/// <param name="Rule">The rule that decided; null where none did.</param>
/// <param name="FlagVersion">The version that was evaluated.</param>
/// <param name="Exposures">Repeated reports counted once.</param>
/// <param name="Units">Distinct units.</param>
/// <param name="First">The first, by the sender's clock.</param>
/// <param name="Last">The last.</param>
public sealed record AudienceGroup(
    string Variant, string Reason, string? Rule, long FlagVersion, long Exposures, long Units, DateTimeOffset First, DateTimeOffset Last);

/// <summary>What one unit was exposed to, when and why; the newest reports first.</summary>
/// <param name="Unit">The unit's key.</param>
/// <param name="Limit">How many at the most.</param>
public sealed record GetUnitExposures(string Unit, int Limit) : IQuery<IReadOnlyList<UnitExposure>>;

/// <summary>A unit met a flag.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Variant">What it got.</param>
/// <param name="Reason">Why: an OpenFeature reason.</param>
/// <param name="Rule">The rule that decided; null where none did.</param>
/// <param name="FlagVersion">The version that was evaluated.</param>
/// <param name="Time">When, by the sender's clock.</param>
public sealed record UnitExposure(string Flag, string Environment, string Variant, string Reason, string? Rule, long FlagVersion, DateTimeOffset Time);
