using System.Collections.Concurrent;
using Delivery.Contracts.Targeting;
using Marten;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Exposures.Privacy;

/// <summary>
/// The environments' settings in memory. One is read at its first use and again after <see cref="Trust"/>, so that a change through
/// another server takes effect within that time; while the database does not answer, what was read last counts.
/// </summary>
internal sealed class PrivacyRules(IDocumentStore store, ILiveSnapshots live, IOptions<PrivacyOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, (IReadOnlyDictionary<string, AttributeHandling> Attributes, long ReadAt)> _held = new(StringComparer.Ordinal);
    private readonly AttributesKnown _known = new();

    /// <summary>What one request's attributes go through.</summary>
    public async ValueTask<AttributeFilter> ForAsync(string environment, CancellationToken cancellationToken) => new(
        environment, live.Find(environment), _known, await HandlingAsync(environment, cancellationToken), options.Value.HashKeyBytes);

    /// <summary>Reads the setting anew at its next use.</summary>
    public void Forget(string environment) => _held.TryRemove(environment, out _);

    private async ValueTask<IReadOnlyDictionary<string, AttributeHandling>> HandlingAsync(string environment, CancellationToken cancellationToken)
    {
        var isHeld = _held.TryGetValue(environment, out var held);
        if (isHeld && time.GetElapsedTime(held.ReadAt) <= Trust)
            return held.Attributes;
        try
        {
            await using var session = store.QuerySession();
            var read = await session.LoadAsync<LedgerPrivacy>(LedgerPrivacy.Stream(environment), cancellationToken);
            held = (read?.Attributes ?? new Dictionary<string, AttributeHandling>(), time.GetTimestamp());
            _held[environment] = held;
        }
        catch (Exception e) when (isHeld && e is NpgsqlException or Marten.Exceptions.MartenCommandException)
        {
            return held.Attributes;
        }

        return held.Attributes;
    }
}
