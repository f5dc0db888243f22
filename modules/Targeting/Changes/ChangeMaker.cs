using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using JasperFx.Events;
using Marten;

namespace Delivery.Targeting.Changes;

/// <summary>Makes written-down changes in the running transaction: all, or none and why.</summary>
internal sealed class ChangeMaker(IDocumentSession session, FlagWriter writer, LiveRulesets live, GuardedEnvironments environments, TimeProvider time)
{
    /// <param name="changes">What to do, in order.</param>
    /// <param name="stoodOn">Per change, what it stood on; null makes them on whatever is there.</param>
    /// <param name="approved">Whether a second person agreed.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <param name="check">Looks at the flags as they will be written, and may refuse.</param>
    /// <returns>What was made, and per flag its version then.</returns>
    public async Task<(ChangeResult Result, IReadOnlyDictionary<string, long> Versions)> MakeAsync(
        IReadOnlyList<FlagChange> changes, IReadOnlyList<Footing>? stoodOn, bool approved, CancellationToken cancellationToken,
        Func<IReadOnlyDictionary<string, Flag>, Outcome?>? check = null)
    {
        var streams = new Dictionary<string, IEventStream<Flag>>(StringComparer.Ordinal);
        foreach (var key in changes.Select(change => change.Flag).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            streams[key] = await session.Events.FetchForWriting<Flag>(Flag.Stream(key), cancellationToken);
        var flags = streams.Where(pair => pair.Value.Aggregate is not null).ToDictionary(pair => pair.Key, pair => pair.Value.Aggregate!, StringComparer.Ordinal);
        if (check?.Invoke(flags) is { } refused)
            return (new ChangeResult.Stopped(0, refused), new Dictionary<string, long>());
        var result = ChangeSet.Make(changes, flags, live.Rulesets(), stoodOn, time.GetUtcNow());
        if (result is not ChangeResult.Made made)
            return (result, new Dictionary<string, long>());
        var guarded = await environments.GuardedAsync(cancellationToken);
        if (!approved && Against(made, flags, guarded) is { } refusal)
            return (new ChangeResult.Stopped(0, refusal), new Dictionary<string, long>());
        foreach (var (key, events) in made.Events.Where(pair => pair.Value.Count > 0))
            await writer.AppendAsync(key, streams[key], events, cancellationToken);
        return (made, made.Events.ToDictionary(pair => pair.Key, pair => (streams[pair.Key].CurrentVersion ?? 0) + pair.Value.Count));
    }

    public static Outcome.Refused? Against(ChangeResult.Made made, IReadOnlyDictionary<string, Flag> flags, IReadOnlyCollection<string> guarded) =>
        made.Events.Select(pair => ApprovalLaw.Against(flags[pair.Key], pair.Value, guarded)).FirstOrDefault(refusal => refusal is not null);
}
