using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>
/// Writes down what the platform decided at a look. <see cref="Audit.ExpectedVersion"/> is the version the decision was made
/// on: when a person was faster the decision is void, and the next look decides anew.
/// </summary>
internal sealed record RecordVerdict(Audit Audit, string Rollout, object Event) : Command(Audit);

internal sealed class RecordVerdictHandler(RolloutStream rollouts) : ICommandHandler<RecordVerdict, Outcome>
{
    public async ValueTask<Outcome> Handle(RecordVerdict command, CancellationToken cancellationToken) =>
        await rollouts.DecideAsync(
            command.Audit, command.Rollout, (rollout, _) => rollout.Live ? Decision.Of(command.Event) : Decision.Nothing, cancellationToken);
}
