using Delivery.Contracts.Commands;
using Marten;

namespace Delivery.Server.Access;

/// <summary>One change of a key that there is: the version that was read must still be there, and what is so already changes nothing.</summary>
internal static class KeyChange
{
    /// <summary>Appends what is decided.</summary>
    /// <param name="session">The command's unit of work.</param>
    /// <param name="command">The command.</param>
    /// <param name="keyId">The key's id.</param>
    /// <param name="decide">Why it can't be, or the event; neither when nothing changes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async ValueTask<Outcome> ChangeKeyAsync(
        this IDocumentSession session, Command command, string keyId, Func<AccessKey, (Outcome? Refusal, object? Event)> decide, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<AccessKey>(AccessKey.Stream(keyId), cancellationToken);
        if (stream.Aggregate is not { } key)
            return new Outcome.NotFound("key", keyId);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("key", keyId, expected, version);
        switch (decide(key))
        {
            case ({ } refusal, _):
                return refusal;
            case (_, { } happened):
                stream.AppendOne(happened);
                return new Outcome.Done("key", keyId, version + 1);
            default:
                return new Outcome.Done("key", keyId, version, Changed: false);
        }
    }

    /// <summary>A revoked key can't be changed.</summary>
    public static Outcome? RefusalOfRevoked(this AccessKey key, string keyId) =>
        key.RevokedAt is null ? null : new Outcome.Refused("key-revoked", $"The key '{keyId}' was revoked and opens nothing any more.");
}
