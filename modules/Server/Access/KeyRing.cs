using System.Collections.Concurrent;
using Marten;

namespace Delivery.Server.Access;

/// <summary>
/// The keys in memory, so that a check costs a look-up and a hash. Filled from the store on first use of a key; a
/// revocation through this server takes effect with its commit.
/// </summary>
internal sealed class KeyRing(IDocumentStore store)
{
    private readonly ConcurrentDictionary<string, AccessKey> _keys = new();

    /// <summary>The key, if the secret opens it and it was not revoked.</summary>
    public async ValueTask<AccessKey?> OpenAsync(KeySecret secret, CancellationToken cancellationToken)
    {
        if (!_keys.TryGetValue(secret.Id, out var key))
        {
            await using var session = store.QuerySession();
            key = await session.LoadAsync<AccessKey>(AccessKey.Stream(secret.Id), cancellationToken);
            if (key is null)
                return null;
            _keys[secret.Id] = key;
        }

        return key.RevokedAt is null && secret.Opens(key) ? key : null;
    }

    /// <summary>Reads the key anew at its next use.</summary>
    public void Forget(string id) => _keys.TryRemove(id, out _);
}
