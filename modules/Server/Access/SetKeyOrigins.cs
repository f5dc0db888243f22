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
    public ValueTask<Outcome> Handle(SetKeyOrigins command, CancellationToken cancellationToken) =>
        session.ChangeKeyAsync(command, command.KeyId, key => Decide(command, key), cancellationToken);

    private static (Outcome? Refusal, object? Event) Decide(SetKeyOrigins command, AccessKey key)
    {
        if (KeyDecisions.OriginFaults(key.Role, command.AllowedOrigins).ToList() is { Count: > 0 } faults)
            return (new Outcome.Invalid(faults), null);
        if (key.RefusalOfRevoked(command.KeyId) is { } refusal)
            return (refusal, null);
        var origins = WebOrigins.Normal(command.AllowedOrigins);
        return (null, origins.SequenceEqual(key.AllowedOrigins, StringComparer.Ordinal) ? null : new KeyOriginsSet(command.KeyId, origins));
    }
}
