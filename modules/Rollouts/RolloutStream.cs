using Delivery.Contracts.Commands;
using Marten;
using Wolverine.Marten;
using Facts = Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>
/// Reads a rollout, asks a pure decision, appends its events and publishes the facts among them; the command pipeline
/// commits both together.
/// </summary>
internal sealed class RolloutStream(IDocumentSession session, IMartenOutbox outbox, Due due, TimeProvider time)
{
    public async Task<Outcome> DecideAsync(Audit audit, string key, Func<Rollout, DateTimeOffset, Decision> decide, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Rollout>(Rollout.Stream(key), cancellationToken);
        if (stream.Aggregate is not { } rollout)
            return new Outcome.NotFound("rollout", key);
        var version = stream.CurrentVersion ?? 0;
        if (audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("rollout", key, expected, version);
        var now = time.GetUtcNow();
        switch (decide(rollout, now))
        {
            case Decision.Refuse refuse:
                return new Outcome.Refused(refuse.Code, refuse.Reason);
            case Decision.Take { Events.Count: 0 }:
                return new Outcome.Done("rollout", key, version, Changed: false);
            case Decision.Take take:
                stream.AppendMany(take.Events);
                foreach (var @event in take.Events)
                    await TellAsync(rollout, @event, now);
                return new Outcome.Done("rollout", key, version + take.Events.Count);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task TellAsync(Rollout rollout, object @event, DateTimeOffset now)
    {
        if (@event is RolloutAborted or RolloutCompleted)
            session.Delete<LiveRelease>(LiveRelease.IdOf(rollout.Plan));
        if (@event is StageEntered or RolloutAborted)
            due.AfterCommit(session, rollout.Key);
        if (Fact(rollout, @event, now) is { } fact)
            await outbox.PublishAsync(fact);
    }

    private static object? Fact(Rollout rollout, object @event, DateTimeOffset now)
    {
        var (key, flag, environment, owner) = (rollout.Key, rollout.Plan.Flag, rollout.Plan.Environment, rollout.Owner);
        return @event switch
        {
            StageEntered e => new Facts.StageEntered(key, flag, environment, e.Stage, e.Name, e.ExposurePpm),
            RolloutAborted e => new Facts.RolloutAborted(key, flag, environment, owner, e.Cause, e.Reason, e.Evidence, now) { Correlation = rollout.Correlation },
            RolloutCompleted => new Facts.RolloutCompleted(key, flag, environment, owner, now),
            RolloutHeld e => new Facts.RolloutBlind(key, flag, environment, owner, e.Reason, now) { Correlation = rollout.Correlation },
            RolloutSawAgain => new Facts.RolloutSeesAgain(key, flag, environment, owner, now) { Correlation = rollout.Correlation },
            _ => null,
        };
    }
}

/// <summary>Holds the place of the one live rollout of a flag in an environment; goes with the rollout's end, in its transaction.</summary>
internal sealed record LiveRelease(string Id, string Rollout)
{
    public static string IdOf(Plan plan) => plan.Route is null ? $"{plan.Environment}/{plan.Flag}" : plan.Flag;
}
