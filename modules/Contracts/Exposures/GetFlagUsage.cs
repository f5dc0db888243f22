using Mediator;

namespace Delivery.Contracts.Exposures;

/// <summary>Asks the ledger which variants of which flags were met: counted by day of receipt (UTC), so that an answer costs what there are days and variants.</summary>
/// <param name="From">Exposures are summed from this day on; first and last are told whenever they were.</param>
public sealed record GetFlagUsage(DateOnly From) : IQuery<IReadOnlyList<VariantUsage>>;

/// <summary>How often a variant was met.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Variant">The variant's key.</param>
/// <param name="Exposures">Rows of the ledger since the day asked for; a repeated report counts again.</param>
/// <param name="FirstDay">The day of the first one ever.</param>
/// <param name="LastAt">When the last one ever was received.</param>
public sealed record VariantUsage(string Environment, string Flag, string Variant, long Exposures, DateOnly FirstDay, DateTimeOffset LastAt);
