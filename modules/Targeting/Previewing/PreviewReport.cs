using System.Text.Json;

namespace Delivery.Targeting.Previewing;

/// <summary>What a draft would change for the units that met the flag in a period.</summary>
/// <param name="Version">The flag's stream version that the draft was compared with.</param>
/// <param name="Sequence">The configuration sequence at which both were evaluated.</param>
/// <param name="Units">How many units were looked at, and what became of them.</param>
/// <param name="Complete">
/// True: these are all units that the ledger has for the period. False: a sample; it is uniform, because units are taken in
/// the order of their hashes.
/// </param>
/// <param name="Transitions">From which variant to which, those that change first, the most units first.</param>
/// <param name="Underivable">Why units can't be told.</param>
internal sealed record PreviewReport(
    string Flag,
    string Environment,
    long Version,
    long Sequence,
    DateTimeOffset From,
    DateTimeOffset To,
    PreviewedUnits Units,
    bool Complete,
    IReadOnlyList<Transition> Transitions,
    UnderivableUnits Underivable);

/// <summary>Units, each once, by its newest exposure in the period.</summary>
/// <param name="LookedAt">All of them.</param>
/// <param name="Changing">Those that would get another variant.</param>
/// <param name="ChangingShare">Their part of those that can be told, from 0 to 1; 0 where none can.</param>
/// <param name="Unchanged">Those that keep their variant.</param>
/// <param name="Underivable">Those that can't be told from what was recorded.</param>
internal sealed record PreviewedUnits(long LookedAt, long Changing, double ChangingShare, long Unchanged, long Underivable);

/// <summary>One cell of the transition matrix.</summary>
/// <param name="From">The variant served now; absent where the evaluation fails.</param>
/// <param name="To">The variant that the draft serves; absent where the evaluation fails.</param>
/// <param name="Units">How many.</param>
/// <param name="Share">Their part of the units that can be told, from 0 to 1.</param>
/// <param name="Examples">Some of them; none where nothing changes.</param>
internal sealed record Transition(string? From, string? To, long Units, double Share, IReadOnlyList<PreviewedUnit> Examples);

/// <summary>A unit that the draft would change.</summary>
/// <param name="Unit">The unit's key.</param>
/// <param name="UnitKind">The attribute that names it; absent for the targeting key.</param>
/// <param name="Attributes">What was recorded of its context.</param>
/// <param name="Time">When it met the flag.</param>
/// <param name="Now">What it gets now.</param>
/// <param name="Draft">What the draft gives it.</param>
internal sealed record PreviewedUnit(string Unit, string? UnitKind, JsonElement? Attributes, DateTimeOffset Time, PreviewedDecision Now, PreviewedDecision Draft);

/// <summary>What was decided, and why.</summary>
internal sealed record PreviewedDecision(string? Variant, string Reason, string? Rule, string? ErrorDetails);

/// <summary>Units that can't be told, by reason; a unit may have several.</summary>
/// <param name="Units">How many.</param>
/// <param name="Reasons">How many for each: <c>attributes-not-recorded</c>, <c>unit-forgotten</c>, <c>random-unit</c>.</param>
/// <param name="Attributes">The attributes that were read and not recorded, with the units they are missing for; <c>*</c> is any.</param>
internal sealed record UnderivableUnits(long Units, IReadOnlyDictionary<string, long> Reasons, IReadOnlyDictionary<string, long> Attributes);
