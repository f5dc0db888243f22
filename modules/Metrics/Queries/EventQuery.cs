using System.Globalization;
using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Queries;

/// <summary>Which events; null accepts any.</summary>
/// <param name="From">Not before, by the sender's clock.</param>
/// <param name="To">Before, by the sender's clock.</param>
/// <param name="Before">Only those at a lower position: the previous page's <c>next</c>.</param>
internal sealed record EventQuery(
    string? Environment, string? Name, string? Unit, string? Flag, DateTimeOffset? From, DateTimeOffset? To, long? Before, int Limit)
{
    /// <summary>Called by the framework.</summary>
    public static async ValueTask<EventQuery?> BindAsync(HttpContext http)
    {
        string? Text(string name) => http.Request.Query[name].ToString() switch
        {
            "" => null,
            { Length: > 500 } => throw new InvalidRequest(name, "at most 500 characters"),
            var text when text.Contains('\0') => throw new InvalidRequest(name, "text without U+0000"),
            var text => text,
        };
        DateTimeOffset? Time(string name) => Text(name) is not { } text ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
            : throw new InvalidRequest(name, "an ISO 8601 time such as 2026-11-23T07:17:00Z");
        var paging = await Paging.BindAsync(http);
        var before = paging!.After is not { } after ? (long?)null
            : long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position
            : throw new InvalidRequest("after", "a position: the previous page's next");
        return new EventQuery(
            Text("environment"), Text("name"), Text("unit"), Text("flag"), Time("from"), Time("to"), before, paging.Limit);
    }
}
