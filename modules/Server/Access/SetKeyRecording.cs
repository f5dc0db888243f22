using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Marten;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>Says whether single evaluations for a key's holder by OFREP are recorded as exposures. Repeating it changes nothing.</summary>
internal sealed record SetKeyRecording(Audit Audit, string KeyId, bool RecordsExposures) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal sealed class SetKeyRecordingHandler(IDocumentSession session) : ICommandHandler<SetKeyRecording, Outcome>
{
    public ValueTask<Outcome> Handle(SetKeyRecording command, CancellationToken cancellationToken) => session.ChangeKeyAsync(
        command,
        command.KeyId,
        key => (
            key.RefusalOfRevoked(command.KeyId),
            key.RecordsExposures == command.RecordsExposures ? null : new KeyRecordingSet(command.KeyId, command.RecordsExposures)),
        cancellationToken);
}
