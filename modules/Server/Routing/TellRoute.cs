using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Host;
using Marten;
using Mediator;

namespace Delivery.Server.Routing;

internal sealed class ShiftRouteHandler(IDocumentSession session, ISender sender, RouteDue due) : ICommandHandler<ShiftRoute, Outcome>
{
    public async ValueTask<Outcome> Handle(ShiftRoute command, CancellationToken cancellationToken)
    {
        var traffic = command.Traffic;
        if (await sender.Send(new CheckRoute(traffic), cancellationToken) is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var stream = await session.Events.FetchForWriting<Route>(Route.Stream(traffic.Router, traffic.Route), cancellationToken);
        return RouteStream.Append(session, due, stream, traffic.Router, traffic.Route, RouteDecisions.Shift(stream.Aggregate, command));
    }
}

/// <summary>It asks nothing of the router: taking traffic back must be possible whatever state the router is in.</summary>
internal sealed class ReturnRouteHandler(IDocumentSession session, RouteDue due) : ICommandHandler<ReturnRoute, Outcome>
{
    public async ValueTask<Outcome> Handle(ReturnRoute command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Route>(Route.Stream(command.Router, command.Route), cancellationToken);
        return RouteStream.Append(session, due, stream, command.Router, command.Route, RouteDecisions.Return(stream.Aggregate, command));
    }
}

internal static class RouteStream
{
    public static Outcome Append(IDocumentSession session, RouteDue due, JasperFx.Events.IEventStream<Route> stream, string router, string route, object? told)
    {
        due.AfterCommit(session, router, route);
        if (told is null)
            return new Outcome.Done("route", Route.KeyOf(router, route), stream.Aggregate!.ToldVersion, Changed: false);
        stream.AppendOne(told);
        return new Outcome.Done("route", Route.KeyOf(router, route), (stream.CurrentVersion ?? 0) + 1);
    }
}

internal sealed class CheckRouteHandler(PluginHost plugins) : IQueryHandler<CheckRoute, IReadOnlyList<FieldError>>
{
    public ValueTask<IReadOnlyList<FieldError>> Handle(CheckRoute query, CancellationToken cancellationToken)
    {
        var traffic = query.Traffic;
        IReadOnlyList<FieldError> faults = traffic.CanaryWeight is < 0 or > 10_000 ? [new("canaryWeight", "0 to 10,000 basis points")]
            : traffic.Canary == traffic.Stable ? [new("canary", "another arm than stable")]
            : plugins.Router(traffic.Router) is not { } router ? [new("router", $"a router that is there: {string.Join(", ", plugins.Routers.Where(r => plugins.Router(r) is not null))}")]
            : [.. router.Validate(RouteDecisions.Intent(traffic, 1)).Select(RouteDecisions.Asked)];
        return ValueTask.FromResult(faults);
    }
}

internal sealed class FindRouteHandler(PluginHost plugins, IQuerySession session) : IQueryHandler<FindRoute, RouteSummary?>
{
    public async ValueTask<RouteSummary?> Handle(FindRoute query, CancellationToken cancellationToken)
    {
        if (plugins.Router(query.Router)?.Descriptor is not { } router || router.Routes.FirstOrDefault(r => r.Name == query.Route) is not { } described)
            return null;
        var route = await session.LoadAsync<Route>(Route.Stream(query.Router, query.Route), cancellationToken);
        return new RouteSummary(
            query.Router, query.Route, router.Backend, described.Arms, router.Capabilities.LosesNoRequest, route?.Told, route?.Rollout, route?.InLine ?? false, route?.Trouble, route?.Version ?? 0);
    }
}
