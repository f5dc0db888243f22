using System.Collections.Concurrent;
using Marten;

namespace Delivery.Server.Access;

/// <summary>
/// The keys in memory, so that a check costs a look-up and a hash. A key is read from the store at its first use and again
/// after <see cref="Trust"/>: a revocation through this server takes effect with its commit, one through another server
/// within that time.
/// </summary>
internal sealed class KeyRing(IDocumentStore store, TimeProvider time)
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (AccessKey Key, long ReadAt)> _keys = new();

    /// <summary>The key, if the secret opens it and it was not revoked.</summary>
    public async ValueTask<AccessKey?> OpenAsync(KeySecret secret, CancellationToken cancellationToken) =>
        await FindAsync(secret.Id, cancellationToken) is { } key && secret.Opens(key) ? key : null;

    /// <summary>The key of this id, if there is one and it was not revoked; says nothing about who holds it.</summary>
    public async ValueTask<AccessKey?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!_keys.TryGetValue(id, out var held) || time.GetElapsedTime(held.ReadAt) > Trust)
        {
            await using var session = store.QuerySession();
            if (await session.LoadAsync<AccessKey>(AccessKey.Stream(id), cancellationToken) is not { } read)
                return null;
            held = (read, time.GetTimestamp());
            _keys[id] = held;
        }

        return held.Key.RevokedAt is null ? held.Key : null;
    }

    /// <summary>Reads the key anew at its next use.</summary>
    public void Forget(string id) => _keys.TryRemove(id, out _);
}
