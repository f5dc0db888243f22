using System.Text.Json;
using Mediator;

namespace Delivery.Contracts.Exposures;

/// <summary>
/// Asks the ledger for the contexts in which units met a flag: one for each unit, its newest in the period. They come in the
/// order of the units' hashes, so that the first N of them are a uniform sample of the units, the same one every time.
/// </summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="From">By the sender's time, inclusive.</param>
/// <param name="To">By the sender's time, exclusive.</param>
/// <param name="Units">How many units at the most.</param>
public sealed record ReadRecordedContexts(string Flag, string Environment, DateTimeOffset From, DateTimeOffset To, int Units)
    : IStreamQuery<RecordedContext>;

/// <summary>The context of one exposure, as far as it was recorded.</summary>
/// <param name="Unit">The unit's key.</param>
/// <param name="UnitKind">The attribute that names the unit; null for the targeting key.</param>
/// <param name="Attributes">The attributes that the decision read; null where the sender records none.</param>
/// <param name="Time">When the unit met the flag, by the sender's clock.</param>
/// <param name="Sequence">The configuration sequence that was evaluated.</param>
/// <param name="IsForgotten">Whether a pseudonym stands for the unit, because it was forgotten.</param>
public sealed record RecordedContext(string Unit, string? UnitKind, JsonElement? Attributes, DateTimeOffset Time, long Sequence, bool IsForgotten);
