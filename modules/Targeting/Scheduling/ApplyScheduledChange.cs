using Delivery.Contracts.Commands;
using Delivery.Targeting.Changes;
using Marten;
using Mediator;

namespace Delivery.Targeting.Scheduling;

/// <summary>
/// Makes a change whose time has come. What it does to the flags and that it was done are one transaction: it happens once,
/// whatever crashes in between. Repeating it, or coming early, changes nothing.
/// </summary>
internal sealed record ApplyScheduledChange(Audit Audit, string Key) : Command(Audit);

internal sealed class ApplyScheduledChangeHandler(IDocumentSession session, ChangeMaker maker, TimeProvider time) : ICommandHandler<ApplyScheduledChange, Outcome>
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
        stream.AppendOne(result is ChangeResult.Stopped stopped
            ? new ChangeFailed(change.At, late.TotalSeconds, change.ScheduledBy, stopped.Sentence)
            : new ChangeApplied(change.At, late.TotalSeconds, change.ScheduledBy, versions));
        return new Outcome.Done("scheduled-change", command.Key, change.Version + 1);
    }
}
