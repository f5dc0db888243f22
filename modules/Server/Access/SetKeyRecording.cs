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
    public async ValueTask<Outcome> Handle(SetKeyRecording command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<AccessKey>(AccessKey.Stream(command.KeyId), cancellationToken);
        if (stream.Aggregate is not { } key)
            return new Outcome.NotFound("key", command.KeyId);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("key", command.KeyId, expected, version);
        if (key.RevokedAt is not null)
            return new Outcome.Refused("key-revoked", $"The key '{command.KeyId}' was revoked and opens nothing any more.");
        if (key.RecordsExposures == command.RecordsExposures)
            return new Outcome.Done("key", command.KeyId, version, Changed: false);
        stream.AppendOne(new KeyRecordingSet(command.KeyId, command.RecordsExposures));
        return new Outcome.Done("key", command.KeyId, version + 1);
    }
}
