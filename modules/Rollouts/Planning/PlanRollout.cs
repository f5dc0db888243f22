using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Marten;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>Plans a rollout: a draft that nobody is exposed by until it is started.</summary>
internal sealed record PlanRollout(Audit Audit, NewRollout Rollout) : Command(Audit);

internal sealed class PlanRolloutHandler(IDocumentSession session, ISender sender) : ICommandHandler<PlanRollout, Outcome>
{
    public async ValueTask<Outcome> Handle(PlanRollout command, CancellationToken cancellationToken)
    {
        var asked = command.Rollout;
        if (PlanFaults.Of(asked).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        if (await session.LoadAsync<Rollout>(Rollout.Stream(asked.Key), cancellationToken) is not null)
            return new Outcome.Refused("rollout-exists", $"There is a rollout '{asked.Key}' already; a stopped release starts again under a new key.");
        if (asked.Route is { } route)
            return await OnRouteAsync(asked, route, cancellationToken);
        var flag = await sender.Send(new FindFlag(asked.Flag, asked.Environment), cancellationToken);
        if (flag is null || PlanOf.Faults(asked, flag).Any())
            return new Outcome.Invalid(PlanOf.Faults(asked, flag).ToList());
        var plan = PlanOf.Plan(asked, flag);
        var live = await session.LoadAsync<LiveRelease>(LiveRelease.IdOf(plan), cancellationToken);
        return Take(plan, Planning.Decide(plan, flag, live));
    }

    private async Task<Outcome> OnRouteAsync(NewRollout asked, NewRoute route, CancellationToken cancellationToken)
    {
        var plan = PlanOf.Plan(asked, RoutePlanning.Target(route));
        if (await RoutePlanning.AskAsync(sender, plan, cancellationToken) is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var live = await session.LoadAsync<LiveRelease>(LiveRelease.IdOf(plan), cancellationToken);
        return Take(plan, RoutePlanning.Decide(plan, route.Owner, live));
    }

    private Outcome Take(Plan plan, Decision decision)
    {
        switch (decision)
        {
            case Decision.Refuse refuse:
                return new Outcome.Refused(refuse.Code, refuse.Reason);
            case Decision.Take take:
                session.Events.StartStream<Rollout>(Rollout.Stream(plan.Key), take.Events);
                session.Insert(new LiveRelease(LiveRelease.IdOf(plan), plan.Key));
                return new Outcome.Done("rollout", plan.Key, take.Events.Count);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}

internal static class Planning
{
    public static Decision Decide(Plan plan, FlagSummary flag, LiveRelease? live)
    {
        if (flag.Archived)
            return new Decision.Refuse("flag-archived", $"The flag '{plan.Flag}' is archived.");
        if (live is not null)
            return new Decision.Refuse("rollout-live", $"The rollout '{live.Rollout}' of '{plan.Flag}' in {plan.Environment} has not ended; one at a time.");
        return Decision.Of(new RolloutPlanned(plan, flag.Owner));
    }
}
