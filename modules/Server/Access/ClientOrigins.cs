using Marten;

namespace Delivery.Server.Access;

/// <summary>
/// The web origins that pages may call from: those of every key that opens, and those the configuration allows to all client
/// keys (<c>Delivery:Ofrep:AllowedOrigins</c>). A browser's preflight carries no key, so it is answered from all of them;
/// the call itself is answered for the key it carries.
/// </summary>
internal sealed class ClientOrigins(IDocumentStore store, IConfiguration configuration, TimeProvider time)
{
    public const string Setting = "Delivery:Ofrep:AllowedOrigins";

    /// <summary>As long as a key is trusted: a change through another server takes effect within it.</summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<string> _ofEveryKey = Configured(configuration);
    private Held? _held;

    /// <summary>Whether a page may call with this key.</summary>
    public bool Allow(AccessKey key, string origin) => WebOrigins.Allow(_ofEveryKey, origin) || WebOrigins.Allow(key.AllowedOrigins, origin);

    /// <summary>Whether a page may call with a key of another kind, or with one that is not known yet.</summary>
    public bool AllowConfigured(string origin) => WebOrigins.Allow(_ofEveryKey, origin);

    /// <summary>Whether there is a key with which a page may call.</summary>
    public async ValueTask<bool> AllowSomeAsync(string origin, CancellationToken cancellationToken)
    {
        var held = Volatile.Read(ref _held);
        if (held is null || time.GetElapsedTime(held.ReadAt) > Trust)
        {
            await using var session = store.QuerySession();
            var keys = await session.Query<AccessKey>().Where(key => key.RevokedAt == null).ToListAsync(cancellationToken);
            held = new Held([.. keys.SelectMany(key => key.AllowedOrigins).Concat(_ofEveryKey).Distinct(StringComparer.Ordinal)], time.GetTimestamp());
            Volatile.Write(ref _held, held);
        }

        return WebOrigins.Allow(held.Origins, origin);
    }

    /// <summary>Reads the keys anew at the next question.</summary>
    public void Forget() => Volatile.Write(ref _held, null);

    private static IReadOnlyList<string> Configured(IConfiguration configuration)
    {
        var origins = configuration.GetSection(Setting).Get<string[]>() ?? [];
        return origins.FirstOrDefault(origin => WebOrigins.Normal(origin) is null) is { } wrong
            ? throw new InvalidOperationException($"{Setting} takes {WebOrigins.Accepted}; not '{wrong}'.")
            : WebOrigins.Normal(origins);
    }

    private sealed record Held(IReadOnlyList<string> Origins, long ReadAt);
}
