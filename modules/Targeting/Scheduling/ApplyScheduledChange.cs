using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;
using Marten;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Targeting.Scheduling;

/// <summary>
/// Makes a change whose time has come. What it does to the flags and that it was done are one transaction: it happens once,
/// whatever crashes in between. Repeating it, or coming early, changes nothing. Where it does not apply any more, the owners of
/// its flags are told.
/// </summary>
internal sealed record ApplyScheduledChange(Audit Audit, string Key) : Command(Audit);

internal sealed class ApplyScheduledChangeHandler(IDocumentSession session, IMartenOutbox outbox, ChangeMaker maker, TimeProvider time)
    : ICommandHandler<ApplyScheduledChange, Outcome>
{
    public async ValueTask<Outcome> Handle(ApplyScheduledChange command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<ScheduledChange>(ScheduledChange.Stream(command.Key), cancellationToken);
        if (stream.Aggregate is not { } change)
            return new Outcome.NotFound("scheduled-change", command.Key);
        var late = time.GetUtcNow() - change.At;
        if (!change.Pending || late < TimeSpan.Zero)
            return new Outcome.Done("scheduled-change", command.Key, change.Version, Changed: false);
        var (result, versions) = await maker.MakeAsync(change.Changes, change.StoodOn, approved: change.Proposal is not null, cancellationToken);
        if (result is ChangeResult.Stopped { Sentence: var reason })
        {
            stream.AppendOne(new ChangeFailed(change.At, late.TotalSeconds, change.ScheduledBy, reason));
            await TellOwnersAsync(change, reason, cancellationToken);
        }
        else
        {
            stream.AppendOne(new ChangeApplied(change.At, late.TotalSeconds, change.ScheduledBy, versions));
        }

        return new Outcome.Done("scheduled-change", command.Key, change.Version + 1);
    }

    private async Task TellOwnersAsync(ScheduledChange change, string reason, CancellationToken cancellationToken)
    {
        var keys = change.Changes.Select(c => c.Flag).Distinct(StringComparer.Ordinal).ToList();
        var flags = await session.LoadManyAsync<Flag>(cancellationToken, keys.Select(Flag.Stream).ToArray());
        var owners = flags.ToDictionary(flag => flag.Key, flag => flag.Identity.Owner, StringComparer.Ordinal);
        foreach (var owned in keys.GroupBy(key => owners.GetValueOrDefault(key)))
        {
            await outbox.PublishAsync(
                new ScheduledChangeFailed(change.Key, owned.Key, [.. owned], change.At, change.ScheduledBy, reason) { Correlation = change.CorrelationId });
        }
    }
}
