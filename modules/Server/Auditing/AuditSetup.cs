using Delivery.Contracts.Access;
using Delivery.Contracts.Auditing;
using Delivery.Contracts.Http;

namespace Delivery.Server.Auditing;

/// <summary>The event-stream API: what happened to anything, in the one global order.</summary>
internal static class AuditSetup
{
    public static void MapAudit(this WebApplication app)
    {
        var events = app.MapGroup("/api/v1").WithTags("Audit").RequireAuthorization(AccessPolicy.Operator);
        events.MapGet("events", AuditEndpoints.List)
            .WithSummary("Events by global sequence: ?kind= key= actor= type= correlation= from= to= after= limit= order=asc|desc seals=true (the ledger's seals too); Accept application/x-ndjson streams them all")
            .Produces<EventPage>();
        events.MapGet("events/stream", AuditEndpoints.Stream)
            .WithSummary("Events as they happen, as server-sent events; Last-Event-ID or ?after= goes on from a sequence");
        events.MapGet("{kind}/{key}/events", AuditEndpoints.OfOne)
            .WithSummary("The events of one thing, such as /api/v1/flags/new-checkout/events")
            .Produces<EventPage>();
    }
}

/// <summary>A page of events.</summary>
/// <param name="Items">The events.</param>
/// <param name="Next">Pass as <c>?after=</c> for the next page; absent at the end.</param>
internal sealed record EventPage(IReadOnlyList<RecordedEvent> Items, long? Next);

/// <summary>The query part of the event-stream API.</summary>
internal sealed record EventQuery(EventFilter Filter, long? After, bool Descending)
{
    public static ValueTask<EventQuery?> BindAsync(HttpContext http)
    {
        var query = http.Request.Query;
        string? Text(string name) => query[name].ToString() is { Length: > 0 } value ? value : null;
        DateTimeOffset? Time(string name) => Text(name) is not { } text ? null
            : DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
            : throw new InvalidRequest(name, "an ISO 8601 time such as 2026-11-23T07:17:00Z");
        var after = Text("after") is not { } a ? (long?)null
            : long.TryParse(a, out var sequence) && sequence >= 0 ? sequence
            : throw new InvalidRequest("after", "a sequence: a whole number, 0 or more");
        var descending = Text("order") switch
        {
            null or "asc" => false,
            "desc" => true,
            _ => throw new InvalidRequest("order", "asc or desc"),
        };
        var seals = Text("seals") switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw new InvalidRequest("seals", "true or false"),
        };
        var filter = new EventFilter(
            Text("kind") is { } kind ? StreamNames.Singular(kind) : null,
            Text("key"), Text("actor"), Text("type"), Text("correlation"), Time("from"), Time("to"), seals);
        return ValueTask.FromResult<EventQuery?>(new EventQuery(filter, after, descending));
    }
}
