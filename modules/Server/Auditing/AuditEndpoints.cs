using System.Text.Json;
using Delivery.Contracts.Auditing;
using Delivery.Contracts.Http;
using Mediator;

namespace Delivery.Server.Auditing;

internal static class AuditEndpoints
{
    private const string NdJson = "application/x-ndjson";
    private const int Batch = 1_000;

    /// <summary>How often an idle stream looks again; an event is on the wire within this time of its commit.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>How often an idle stream says that it is still there, for proxies that cut silent connections.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public static async Task<IResult> List(EventQuery query, Paging paging, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        if (http.Request.Headers.Accept.ToString().Contains(NdJson, StringComparison.OrdinalIgnoreCase))
            return Results.Stream(output => Export(query, sender, output, http.RequestAborted), NdJson);
        var items = await sender.Send(new ReadEvents(query.Filter, query.After, paging.Limit + 1, query.Descending), cancellationToken);
        return Results.Ok(items.Count > paging.Limit
            ? new EventPage(items.Take(paging.Limit).ToList(), items[paging.Limit - 1].Sequence)
            : new EventPage(items, null));
    }

    public static Task<IResult> OfOne(string kind, string key, EventQuery query, Paging paging, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        List(query with { Filter = query.Filter with { Kind = StreamNames.Singular(kind), Key = key } }, paging, http, sender, cancellationToken);

    public static async Task Stream(EventQuery query, HttpContext http, IServiceScopeFactory scopes, TimeProvider time, CancellationToken cancellationToken)
    {
        var last = long.TryParse(http.Request.Headers["Last-Event-ID"], out var resumed) ? resumed : query.After ?? await Newest(scopes, cancellationToken);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsync(": connected\n\n", cancellationToken);
        await http.Response.Body.FlushAsync(cancellationToken);
        var quietSince = time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            IReadOnlyList<RecordedEvent> items;
            await using (var scope = scopes.CreateAsyncScope())
                items = await scope.ServiceProvider.GetRequiredService<ISender>().Send(new ReadEvents(query.Filter, last, Batch), cancellationToken);
            foreach (var item in items)
                await http.Response.WriteAsync($"event: {item.Type}\nid: {item.Sequence}\ndata: {JsonSerializer.Serialize(item, Json.Options)}\n\n", cancellationToken);
            if (items.Count > 0)
                last = items[^1].Sequence;
            else if (time.GetElapsedTime(quietSince) < Heartbeat)
            {
                await Task.Delay(Poll, time, cancellationToken);
                continue;
            }
            else
                await http.Response.WriteAsync(": still here\n\n", cancellationToken);
            quietSince = time.GetTimestamp();
            await http.Response.Body.FlushAsync(cancellationToken);
        }
    }

    private static async Task<long> Newest(IServiceScopeFactory scopes, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var newest = await scope.ServiceProvider.GetRequiredService<ISender>().Send(new ReadEvents(new EventFilter(), null, 1, Descending: true), cancellationToken);
        return newest is [var one] ? one.Sequence : 0;
    }

    private static async Task Export(EventQuery query, ISender sender, Stream output, CancellationToken cancellationToken)
    {
        var after = query.After;
        while (true)
        {
            var items = await sender.Send(new ReadEvents(query.Filter, after, Batch, query.Descending), cancellationToken);
            foreach (var item in items)
            {
                await JsonSerializer.SerializeAsync(output, item, Json.Options, cancellationToken);
                await output.WriteAsync("\n"u8.ToArray(), cancellationToken);
            }

            await output.FlushAsync(cancellationToken);
            if (items.Count < Batch)
                return;
            after = items[^1].Sequence;
        }
    }
}
