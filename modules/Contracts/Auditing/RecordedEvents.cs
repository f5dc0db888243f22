using System.Text.Json;
using Mediator;

namespace Delivery.Contracts.Auditing;

/// <summary>Asks for recorded events by global sequence.</summary>
/// <param name="Filter">Which.</param>
/// <param name="AfterSequence">Only those after this sequence (before it, when <paramref name="Descending"/>); null starts at the end that fits.</param>
/// <param name="Limit">1 to 1,000.</param>
/// <param name="Descending">Newest first.</param>
public sealed record ReadEvents(EventFilter Filter, long? AfterSequence = null, int Limit = 100, bool Descending = false)
    : IQuery<IReadOnlyList<RecordedEvent>>;

/// <summary>Which events; null accepts any.</summary>
/// <param name="Kind">What was changed: <c>flag</c>, <c>rollout</c>, <c>alert</c>, <c>key</c>, ...</param>
/// <param name="Key">Its key.</param>
/// <param name="Actor">Who.</param>
/// <param name="Type">The event's kebab-case name, such as <c>flag-killed</c>.</param>
/// <param name="CorrelationId">The conversation.</param>
/// <param name="From">Not before.</param>
/// <param name="To">Before.</param>
/// <param name="Seals">
/// Whether the ledger's seals are among them: many a minute, by the platform for itself. Asking for the kind <c>ledger</c> implies it.
/// </param>
public sealed record EventFilter(
    string? Kind = null,
    string? Key = null,
    string? Actor = null,
    string? Type = null,
    string? CorrelationId = null,
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    bool Seals = false);

/// <summary>An event of the system of record, as the outside sees it.</summary>
/// <param name="Sequence">Its place in the one global order.</param>
/// <param name="Id">Its id.</param>
/// <param name="Time">When the server recorded it.</param>
/// <param name="Kind">What was changed.</param>
/// <param name="Key">Its key.</param>
/// <param name="Version">The stream version it made.</param>
/// <param name="Type">What happened, in kebab case.</param>
/// <param name="Actor">Who.</param>
/// <param name="Comment">Why.</param>
/// <param name="CorrelationId">The conversation.</param>
/// <param name="CausationId">What led to it.</param>
/// <param name="Data">The event's own members.</param>
public sealed record RecordedEvent(
    long Sequence,
    Guid Id,
    DateTimeOffset Time,
    string Kind,
    string Key,
    long Version,
    string Type,
    string? Actor,
    string? Comment,
    string? CorrelationId,
    string? CausationId,
    JsonElement Data);
