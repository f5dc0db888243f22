using Delivery.Contracts.Commands;
using Delivery.Contracts.Routing;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>What a rollout says to its route, and asks about it.</summary>
internal static class RouteInLine
{
    /// <summary>The route shows the stage: its version since then. Throws while it does not, so that it is tried again.</summary>
    public static async Task<Outcome> OpenAsync(ISender sender, Audit audit, Rollout rollout, CancellationToken cancellationToken)
    {
        var traffic = rollout.Plan.Route!.At(rollout.Plan.Stages[rollout.Stage].ExposurePpm);
        var told = await sender.Send(new ShiftRoute(audit, traffic, rollout.Key), cancellationToken);
        if (told is Outcome.Done)
            await ExpectAsync(sender, traffic, cancellationToken);
        return told;
    }

    /// <summary>Everything is on stable again. Throws while it is not.</summary>
    public static async Task<Outcome> CloseAsync(ISender sender, Audit audit, Rollout rollout, CancellationToken cancellationToken)
    {
        var (traffic, stop) = (rollout.Plan.Route!.Traffic, rollout.Plan.Route.Stop);
        var told = await sender.Send(new ReturnRoute(audit, traffic.Router, traffic.Route, traffic.Stable, stop, rollout.Key), cancellationToken);
        if (told is Outcome.Done)
            await ExpectAsync(sender, traffic, cancellationToken);
        return told;
    }

    /// <summary>The deployments' numbers, stage by stage.</summary>
    public static GetRouteHealth Health(Rollout rollout)
    {
        var (traffic, health) = (rollout.Plan.Route!.Traffic, rollout.Plan.Route.Health);
        return new GetRouteHealth(
            health.Source, traffic.Route, traffic.Stable, traffic.Canary, health.Errors, health.Latency,
            [
                .. rollout.OpenedVersions.Zip(rollout.OpenedAt).Select((o, i) => new RouteWindow(o.First, o.Second, i + 1 < rollout.OpenedAt.Count ? rollout.OpenedAt[i + 1] : null)
                {
                    HasControl = rollout.Plan.Stages[i].HasControl,
                }),
            ]);
    }

    private static async Task ExpectAsync(ISender sender, RouteTraffic traffic, CancellationToken cancellationToken)
    {
        if (await sender.Send(new BringRouteInLine(traffic.Router, traffic.Route), cancellationToken) is RouteStanding.Behind behind)
            throw new InvalidOperationException($"The route '{traffic.Route}' of '{traffic.Router}' is not in line yet: {behind.Reason}");
    }
}
