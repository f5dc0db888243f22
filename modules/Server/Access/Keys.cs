using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Marten;
using Mediator;

namespace Delivery.Server.Access;

/// <summary>Issues a key. The secret was made at the edge; only its hash comes in.</summary>
internal sealed record IssueKey(Audit Audit, string KeyId, string Name, AccessRole Role, string? Environment, string SecretHash, IReadOnlyList<string> AllowedOrigins, bool? RecordsExposures = null) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

/// <summary>Revokes a key, at once. Repeating it changes nothing.</summary>
internal sealed record RevokeKey(Audit Audit, string KeyId) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal static class KeyDecisions
{
    private const int LongestName = 100;

    public static IEnumerable<FieldError> Faults(IssueKey command)
    {
        if (string.IsNullOrWhiteSpace(command.Name) || command.Name.Length > LongestName)
            yield return new FieldError("name", $"1 to {LongestName} characters that name the holder");
        var bound = command.Role is AccessRole.ClientSdk or AccessRole.ServerSdk;
        if (bound && string.IsNullOrEmpty(command.Environment))
            yield return new FieldError("environment", "the environment's key: an SDK key is bound to one");
        if (!bound && command.Environment is not null)
            yield return new FieldError("environment", "nothing: operators and admins are not bound to an environment");
        foreach (var fault in OriginFaults(command.Role, command.AllowedOrigins))
            yield return fault;
    }

    public static IEnumerable<FieldError> OriginFaults(AccessRole role, IReadOnlyList<string> origins)
    {
        if (origins.Count > 0 && role != AccessRole.ClientSdk)
            yield return new FieldError("allowedOrigins", "nothing: only a client-sdk key may sit in a page");
        if (origins.Count > WebOrigins.Most)
            yield return new FieldError("allowedOrigins", $"at most {WebOrigins.Most} origins");
        foreach (var origin in origins.Where(origin => WebOrigins.Normal(origin) is null))
            yield return new FieldError("allowedOrigins", $"{WebOrigins.Accepted}; not '{origin}'");
    }
}

internal sealed class IssueKeyHandler(IDocumentSession session, ISender sender) : ICommandHandler<IssueKey, Outcome>
{
    public async ValueTask<Outcome> Handle(IssueKey command, CancellationToken cancellationToken)
    {
        if (KeyDecisions.Faults(command).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        if (command.Environment is { } environment && !await sender.Send(new KnowsEnvironment(environment), cancellationToken))
            return new Outcome.Invalid("environment", $"an environment that exists; there is no '{environment}' (GET /api/v1/environments lists them)");
        if (await session.LoadAsync<AccessKey>(AccessKey.Stream(command.KeyId), cancellationToken) is { } existing)
            return existing.SecretHash == command.SecretHash
                ? new Outcome.Done("key", command.KeyId, existing.Version, Changed: false)
                : new Outcome.Refused("key-exists", $"There is a key '{command.KeyId}' already.");
        session.Events.StartStream<AccessKey>(
            AccessKey.Stream(command.KeyId),
            new KeyIssued(command.KeyId, command.Name.Trim(), command.Role, command.Environment, command.SecretHash, WebOrigins.Normal(command.AllowedOrigins), command.RecordsExposures));
        return new Outcome.Done("key", command.KeyId, 1);
    }
}

internal sealed class RevokeKeyHandler(IDocumentSession session) : ICommandHandler<RevokeKey, Outcome>
{
    public ValueTask<Outcome> Handle(RevokeKey command, CancellationToken cancellationToken) =>
        session.ChangeKeyAsync(command, command.KeyId, key => (null, key.RevokedAt is null ? new KeyRevoked(command.KeyId) : null), cancellationToken);
}
