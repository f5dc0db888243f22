using Delivery.Contracts.Commands;
using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>A person's word to a rollout; the platform writes to the same stream all the time.</summary>
internal abstract record SteeringCommand(Audit Audit) : Command(Audit)
{
    public override bool HoldsWhateverChanged => true;
}

internal sealed record StartRollout(Audit Audit, string Rollout) : SteeringCommand(Audit);

internal sealed record PauseRollout(Audit Audit, string Rollout) : SteeringCommand(Audit);

internal sealed record ResumeRollout(Audit Audit, string Rollout) : SteeringCommand(Audit);

internal sealed record ApproveStage(Audit Audit, string Rollout, string? Stage) : SteeringCommand(Audit);

internal sealed class StartRolloutHandler(RolloutStream rollouts, Marten.IDocumentSession session, ISender sender) : ICommandHandler<StartRollout, Outcome>
{
    public async ValueTask<Outcome> Handle(StartRollout command, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<Rollout>(Rollout.Stream(command.Rollout), cancellationToken) is not { } planned)
            return new Outcome.NotFound("rollout", command.Rollout);
        if (planned.Plan.Route is not null)
        {
            var faults = await RoutePlanning.AskAsync(sender, planned.Plan, cancellationToken);
            var environment = await sender.Send(new FindEnvironment(planned.Plan.Environment), cancellationToken);
            return await rollouts.DecideAsync(
                command.Audit, command.Rollout, (rollout, _) => RoutePlanning.Start(rollout, faults, environment, command.Audit.Principal), cancellationToken);
        }

        var flag = await sender.Send(new FindFlag(planned.Plan.Flag, planned.Plan.Environment), cancellationToken);
        return await rollouts.DecideAsync(command.Audit, command.Rollout, (rollout, _) => Steering.Start(rollout, flag, command.Audit.Principal), cancellationToken);
    }
}

internal sealed class PauseRolloutHandler(RolloutStream rollouts) : ICommandHandler<PauseRollout, Outcome>
{
    public async ValueTask<Outcome> Handle(PauseRollout command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(command.Audit, command.Rollout, (rollout, _) => Steering.Pause(rollout), cancellationToken);
}

internal sealed class ResumeRolloutHandler(RolloutStream rollouts) : ICommandHandler<ResumeRollout, Outcome>
{
    public async ValueTask<Outcome> Handle(ResumeRollout command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(command.Audit, command.Rollout, (rollout, _) => Steering.Resume(rollout), cancellationToken);
}

internal sealed class ApproveStageHandler(RolloutStream rollouts) : ICommandHandler<ApproveStage, Outcome>
{
    public async ValueTask<Outcome> Handle(ApproveStage command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(command.Audit, command.Rollout, (rollout, _) => Steering.Approve(rollout, command.Stage), cancellationToken);
}

internal sealed class AbortRolloutHandler(RolloutStream rollouts) : ICommandHandler<AbortRollout, Outcome>
{
    public async ValueTask<Outcome> Handle(AbortRollout command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(
            command.Audit, command.Rollout, (rollout, _) => Steering.Abort(rollout, command.Audit.Principal, command.Reason), cancellationToken);
}
