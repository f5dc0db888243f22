using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Scheduling;

internal static class ChangeScheduling
{
    /// <param name="key">The scheduled change's key.</param>
    /// <param name="at">When.</param>
    /// <param name="changes">What.</param>
    /// <param name="proposal">The proposal it was approved in; null when nobody approved it.</param>
    /// <param name="ahead">The flags as they will be then.</param>
    /// <param name="rulesets">The environments' present rulesets.</param>
    /// <param name="guarded">The environments that ask for a second person.</param>
    /// <param name="now">The present time.</param>
    public static Decision Decide(
        string key, DateTimeOffset at, IReadOnlyList<FlagChange> changes, string? proposal, IReadOnlyDictionary<string, Flag> ahead,
        IReadOnlyDictionary<string, Ruleset> rulesets, IReadOnlyCollection<string> guarded, DateTimeOffset now)
    {
        switch (ChangeSet.Make(changes, ahead, rulesets, stoodOn: null, now))
        {
            case ChangeResult.Stopped stopped:
                return new Decision.Refuse(stopped.Outcome);
            case ChangeResult.Made made when made.Events.Values.All(events => events.Count == 0):
                return Decision.Refused("nothing-to-change", $"At {Sentences.Time(at)} the flags will be that way already.");
            case ChangeResult.Made made:
                return proposal is null && ChangeMaker.Against(made, ahead, guarded) is { } refusal
                    ? new Decision.Refuse(refusal)
                    : Decision.Of(new ChangeScheduled(key, at.ToUniversalTime(), changes, made.Footings, proposal));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public static Decision Decide(ScheduledChange present) => present.State switch
    {
        ScheduledChangeState.Pending => Decision.Of(new ChangeCancelled(present.At, present.ScheduledBy)),
        ScheduledChangeState.Cancelled => Decision.Nothing,
        _ => Decision.Refused("change-ended", $"It was {present.State.ToString().ToLowerInvariant()} at {Sentences.Time(present.EndedAt ?? present.At)}; a flag is changed back like any other."),
    };
}

/// <summary>Writes a scheduled change down in the running transaction.</summary>
internal sealed class ChangeScheduler(
    IDocumentSession session, Forecast forecast, LiveRulesets live, GuardedEnvironments environments, TimeProvider time)
{
    public async Task<Outcome> WriteAsync(DateTimeOffset at, IReadOnlyList<FlagChange> changes, string? proposal, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (ChangeFaults.Of(at, now).Concat(ChangeFaults.Of(changes)).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var key = Guid.CreateVersion7(now).ToString("N");
        var ahead = await forecast.AtAsync(changes.Select(change => change.Flag), at, before: null, cancellationToken);
        var guarded = await environments.GuardedAsync(cancellationToken);
        var decision = ChangeScheduling.Decide(key, at, changes, proposal, ahead.Flags, live.Rulesets(), guarded, now);
        if (decision is not Decision.Append { Events: [ChangeScheduled scheduled] })
            return ((Decision.Refuse)decision).Outcome;
        session.Events.StartStream<ScheduledChange>(ScheduledChange.Stream(key), scheduled);
        return new Outcome.Done("scheduled-change", key, 1);
    }
}

internal sealed class ScheduleChangeHandler(ChangeScheduler scheduler) : ICommandHandler<ScheduleChange, Outcome>
{
    public async ValueTask<Outcome> Handle(ScheduleChange command, CancellationToken cancellationToken) =>
        await scheduler.WriteAsync(command.At, command.Changes, proposal: null, cancellationToken);
}

internal sealed class CancelScheduledChangeHandler(IDocumentSession session) : ICommandHandler<CancelScheduledChange, Outcome>
{
    public async ValueTask<Outcome> Handle(CancelScheduledChange command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<ScheduledChange>(ScheduledChange.Stream(command.Key), cancellationToken);
        return stream.Aggregate is { } present
            ? stream.Finish(command.Audit, "scheduled-change", command.Key, ChangeScheduling.Decide(present))
            : new Outcome.NotFound("scheduled-change", command.Key);
    }
}
