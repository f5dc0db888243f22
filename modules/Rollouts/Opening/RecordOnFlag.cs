using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>Notes that the flag shows a stage.</summary>
internal sealed record RecordStageOpened(Audit Audit, string Rollout, int Stage, long FlagVersion) : Command(Audit);

/// <summary>Notes that the flag shows the release no more.</summary>
internal sealed record RecordRolloutClosed(Audit Audit, string Rollout, long? FlagVersion) : Command(Audit);

internal static class OnFlag
{
    public static Decision Opened(Rollout rollout, int stage, long flagVersion) =>
        rollout.Live && rollout.Stage == stage && !rollout.IsOpen
            ? Decision.Of(new StageOpened(rollout.Key, stage, flagVersion))
            : Decision.Nothing;

    public static Decision Closed(Rollout rollout, long? flagVersion) =>
        rollout.Abort is not null && !rollout.Closed ? Decision.Of(new RolloutClosed(rollout.Key, flagVersion)) : Decision.Nothing;
}

internal sealed class RecordStageOpenedHandler(RolloutStream rollouts) : ICommandHandler<RecordStageOpened, Outcome>
{
    public async ValueTask<Outcome> Handle(RecordStageOpened command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(
            command.Audit, command.Rollout, (rollout, _) => OnFlag.Opened(rollout, command.Stage, command.FlagVersion), cancellationToken);
}

internal sealed class RecordRolloutClosedHandler(RolloutStream rollouts) : ICommandHandler<RecordRolloutClosed, Outcome>
{
    public async ValueTask<Outcome> Handle(RecordRolloutClosed command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(
            command.Audit, command.Rollout, (rollout, _) => OnFlag.Closed(rollout, command.FlagVersion), cancellationToken);
}
