using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Marten;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>Sets the web origins whose pages may use a client key; the whole list. Repeating it changes nothing.</summary>
internal sealed record SetKeyOrigins(Audit Audit, string KeyId, IReadOnlyList<string> AllowedOrigins) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal sealed class SetKeyOriginsHandler(IDocumentSession session) : ICommandHandler<SetKeyOrigins, Outcome>
{
    public async ValueTask<Outcome> Handle(SetKeyOrigins command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<AccessKey>(AccessKey.Stream(command.KeyId), cancellationToken);
        if (stream.Aggregate is not { } key)
            return new Outcome.NotFound("key", command.KeyId);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("key", command.KeyId, expected, version);
        if (KeyDecisions.OriginFaults(key.Role, command.AllowedOrigins).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        if (key.RevokedAt is not null)
            return new Outcome.Refused("key-revoked", $"The key '{command.KeyId}' was revoked and opens nothing any more.");
        var origins = WebOrigins.Normal(command.AllowedOrigins);
        if (origins.SequenceEqual(key.AllowedOrigins, StringComparer.Ordinal))
            return new Outcome.Done("key", command.KeyId, version, Changed: false);
        stream.AppendOne(new KeyOriginsSet(command.KeyId, origins));
        return new Outcome.Done("key", command.KeyId, version + 1);
    }
}
