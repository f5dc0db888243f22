using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Delivery.Contracts.Access;
using Marten;

namespace Delivery.Server.Access;

/// <summary>
/// The keys in memory, so that a check costs a look-up and a hash. A key is read from the store at its first use and again
/// after <see cref="Trust"/>: a revocation through this server takes effect with its commit, one through another server
/// within that time.
/// </summary>
internal sealed class KeyRing
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, KnownKey> _keys;
    private readonly ConcurrentDictionary<string, KnownKey>.AlternateLookup<ReadOnlySpan<char>> _byId;
    private readonly IDocumentStore _store;
    private readonly TimeProvider _time;

    public KeyRing(IDocumentStore store, TimeProvider time)
    {
        (_store, _time) = (store, time);
        _keys = new ConcurrentDictionary<string, KnownKey>(StringComparer.Ordinal);
        _byId = _keys.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The key, if the secret opens it and it was not revoked.</summary>
    public async ValueTask<AccessKey?> OpenAsync(KeySecret secret, CancellationToken cancellationToken) =>
        await FindAsync(secret.Id, cancellationToken) is { } key && secret.Opens(key) ? key : null;

    /// <summary>
    /// A key that opens, if it is in memory and was read within <see cref="Trust"/>; null says nothing. The
    /// text that opened is kept as long, so that it is hashed once in that time and then compared.
    /// </summary>
    public KnownKey? Known(ReadOnlySpan<char> presented)
    {
        if (!_byId.TryGetValue(KeySecret.IdIn(presented), out var held) || !Opens(held))
            return null;
        if (held.Opened is { } opened && CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(presented), MemoryMarshal.AsBytes(opened.AsSpan())))
            return held;
        var text = presented.ToString();
        if (KeySecret.Parse(text) is not { } secret || !secret.Opens(held.Key))
            return null;
        held.Opened = text;
        return held;
    }

    /// <summary>The key of this id, if there is one and it was not revoked; says nothing about who holds it.</summary>
    public async ValueTask<AccessKey?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (!_keys.TryGetValue(id, out var held) || !IsFresh(held))
        {
            await using var session = _store.QuerySession();
            if (await session.LoadAsync<AccessKey>(AccessKey.Stream(id), cancellationToken) is not { } read)
                return null;
            held = new KnownKey(read, new KeyHolder(read.KeyId, read.Role, read.Environment, read.IsRecorded()), _time.GetTimestamp());
            _keys[id] = held;
        }

        return held.Key.RevokedAt is null ? held.Key : null;
    }

    /// <summary>Whether a key that was opened before still does: it was read within <see cref="Trust"/>, and neither revoked nor changed since.</summary>
    public bool Opens(KnownKey key) => !key.IsForgotten && key.Key.RevokedAt is null && IsFresh(key);

    /// <summary>Reads the key anew at its next use.</summary>
    public void Forget(string id)
    {
        if (_keys.TryRemove(id, out var held))
            held.IsForgotten = true;
    }

    private bool IsFresh(KnownKey held) => _time.GetElapsedTime(held.ReadAt) <= Trust;
}

/// <summary>A key as it was read.</summary>
internal sealed class KnownKey(AccessKey key, KeyHolder holder, long readAt)
{
    private volatile bool _isForgotten;

    public AccessKey Key => key;

    public KeyHolder Holder => holder;

    /// <summary>A timestamp of the clock's.</summary>
    public long ReadAt => readAt;

    /// <summary>The text that opened it last.</summary>
    public string? Opened { get; set; }

    /// <summary>It may have changed.</summary>
    public bool IsForgotten
    {
        get => _isForgotten;
        set => _isForgotten = value;
    }
}
