using Delivery.Contracts.Targeting;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Scheduling;

internal static class ScheduledChangeViews
{
    public static ScheduledChangeView Of(ScheduledChange c, IReadOnlyList<FlagDiff>? diff = null, string? trouble = null) => new(
        c.Key, c.At, c.State, c.Changes, c.ScheduledBy, c.ScheduledAt, c.Comment, c.Proposal, c.EndedAt, c.LateSeconds, c.Reason, diff, trouble, c.Version);

    /// <summary>What each flag that a list of changes names will differ in.</summary>
    public static IReadOnlyList<FlagDiff> Diff(IReadOnlyList<FlagChange> changes, IReadOnlyDictionary<string, Flag> before, IReadOnlyDictionary<string, Flag> after) =>
        [.. changes.Select(change => change.Flag).Distinct(StringComparer.Ordinal)
            .Where(key => before.ContainsKey(key) && after.ContainsKey(key))
            .Select(key => new FlagDiff(key, Differences.Between(before[key], after[key])))];
}

internal sealed class ListScheduledChangesHandler(IQuerySession session) : IQueryHandler<ListScheduledChanges, IReadOnlyList<ScheduledChangeView>>
{
    public async ValueTask<IReadOnlyList<ScheduledChangeView>> Handle(ListScheduledChanges query, CancellationToken cancellationToken)
    {
        var stored = session.Query<ScheduledChange>();
        var found = query.State switch
        {
            null => await stored.ToListAsync(cancellationToken),
            ScheduledChangeState.Pending => await stored.Where(change => change.Pending).ToListAsync(cancellationToken),
            _ => await stored.Where(change => !change.Pending).ToListAsync(cancellationToken),
        };
        return [.. Forecast.InOrder(found
                .Where(change => query.State is null || change.State == query.State)
                .Where(change => query.By is null || change.ScheduledBy == query.By)
                .Where(change => change.Touches(query.Flag, query.Environment)))
            .Select(change => ScheduledChangeViews.Of(change))];
    }
}

internal sealed class FindScheduledChangeHandler(IQuerySession session, Forecast forecast, LiveRulesets live, TimeProvider time)
    : IQueryHandler<FindScheduledChange, ScheduledChangeView?>
{
    public async ValueTask<ScheduledChangeView?> Handle(FindScheduledChange query, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<ScheduledChange>(ScheduledChange.Stream(query.Key), cancellationToken) is not { } change)
            return null;
        if (!change.Pending)
            return ScheduledChangeViews.Of(change);
        var ahead = await forecast.AtAsync(change.Changes.Select(c => c.Flag), change.At, change.Key, cancellationToken);
        return ChangeSet.Make(change.Changes, ahead.Flags, live.Rulesets(), change.StoodOn, time.GetUtcNow()) switch
        {
            ChangeResult.Made made => ScheduledChangeViews.Of(change, ScheduledChangeViews.Diff(change.Changes, ahead.Flags, made.After)),
            ChangeResult.Stopped stopped => ScheduledChangeViews.Of(change, trouble: stopped.Sentence),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
