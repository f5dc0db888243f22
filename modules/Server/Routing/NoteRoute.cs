using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Marten;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Server.Routing;

/// <summary>Notes what was seen of a route; void when it was told something else meanwhile.</summary>
internal sealed record NoteRoute(Audit Audit, string Router, string Route, long Generation, object Note, DateTimeOffset At) : Command(Audit);

internal sealed class NoteRouteHandler(IDocumentSession session, IMartenOutbox outbox) : ICommandHandler<NoteRoute, Outcome>
{
    public async ValueTask<Outcome> Handle(NoteRoute command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Route>(Routing.Route.Stream(command.Router, command.Route), cancellationToken);
        if (stream.Aggregate is not { } route)
            return new Outcome.NotFound("route", Routing.Route.KeyOf(command.Router, command.Route));
        var version = stream.CurrentVersion ?? 0;
        if (route.Generation != command.Generation || !RouteDecisions.IsNews(route, command.Note))
            return new Outcome.Done("route", route.Key, version, Changed: false);
        stream.AppendOne(command.Note);
        if (command.Note is RouteStrayed strayed)
            await outbox.PublishAsync(new RouteDrifted(route.Router, route.Name, route.Rollout, strayed.Differences, command.At));
        return new Outcome.Done("route", route.Key, version + 1);
    }
}
