using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Environments;
using JasperFx.Events;
using Marten;
using Wolverine.Marten;

namespace Delivery.Targeting.Flags;

/// <summary>The road of every change of a flag: load, check the expected version, decide, append, announce.</summary>
internal sealed class FlagWriter(IDocumentSession session, IMartenOutbox outbox, GuardedEnvironments environments)
{
    /// <summary>Changes a flag that exists.</summary>
    public async ValueTask<Outcome> ChangeAsync(Audit audit, string key, Func<Flag, Decision> decide, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Flag>(Flag.Stream(key), cancellationToken);
        if (stream.Aggregate is not { } flag)
            return new Outcome.NotFound("flag", key);
        var version = stream.CurrentVersion ?? 0;
        if (audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("flag", key, expected, version);
        switch (decide(flag))
        {
            case Decision.Refuse refused:
                return refused.Outcome;
            case Decision.Append { Events: { Count: > 0 } decided }:
                var guarded = await environments.GuardedAsync(cancellationToken);
                if (ApprovalLaw.Against(flag, decided, guarded) is { } refusal)
                    return refusal;
                var events = ApprovalLaw.Marked(decided, guarded);
                await AppendAsync(key, stream, events, cancellationToken);
                return new Outcome.Done("flag", key, version + events.Count);
            default:
                return new Outcome.Done("flag", key, version, Changed: false);
        }
    }

    /// <summary>As <see cref="ChangeAsync"/>, in an environment that must exist.</summary>
    public async ValueTask<Outcome> ChangeInAsync(
        Audit audit, string key, string environment, Func<Flag, Decision> decide, CancellationToken cancellationToken) =>
        await session.LoadAsync<DeliveryEnvironment>(DeliveryEnvironment.Stream(environment), cancellationToken) is null
            ? new Outcome.NotFound("environment", environment)
            : await ChangeAsync(audit, key, decide, cancellationToken);

    /// <summary>Appends what was decided, and approved where that is needed, on a flag that was fetched for writing.</summary>
    public async Task AppendAsync(string key, IEventStream<Flag> stream, IReadOnlyList<object> events, CancellationToken cancellationToken)
    {
        stream.AppendMany([.. events]);
        await AnnounceAsync(key, stream.CurrentVersion ?? 0, events, cancellationToken);
    }

    /// <summary>Starts a flag's stream.</summary>
    public async ValueTask<Outcome> StartAsync(FlagCreated created, CancellationToken cancellationToken)
    {
        if (ApprovalLaw.Against(created, await environments.GuardedAsync(cancellationToken)) is { } refusal)
            return refusal;
        session.Events.StartStream<Flag>(Flag.Stream(created.Key), created);
        await AnnounceAsync(created.Key, 0, [created], cancellationToken);
        return new Outcome.Done("flag", created.Key, 1);
    }

    private async Task AnnounceAsync(string key, long version, IReadOnlyList<object> events, CancellationToken cancellationToken)
    {
        foreach (var e in events)
            await outbox.PublishAsync(new FlagChanged(key, ++version, Name(e), await EnvironmentsOf(e, cancellationToken)));
    }

    private async ValueTask<IReadOnlyList<string>> EnvironmentsOf(object e, CancellationToken cancellationToken) => e switch
    {
        FlagConfigured x => [x.Environment],
        FlagKilled x => [x.Environment],
        FlagRestored x => [x.Environment],
        ReleaseOpened x => [x.Environment],
        ReleaseClosed x => [x.Environment],
        _ => [.. (await session.Query<DeliveryEnvironment>().ToListAsync(cancellationToken)).Select(environment => environment.Key)],
    };

    private static string Name(object e) => e.GetType().GetEventTypeName().Replace('_', '-');
}
