using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Flags;

internal sealed class GetRulesetAsOfHandler(IQuerySession session, LiveRulesets live) : IQueryHandler<GetRulesetAsOf, Ruleset?>
{
    public async ValueTask<Ruleset?> Handle(GetRulesetAsOf query, CancellationToken cancellationToken)
    {
        // A sequence that is still to come would name another state later.
        if (live.Find(query.Environment) is not { } environment || query.Sequence < 1 || query.Sequence > environment.State.Sequence)
            return null;
        var ruleset = await new AsOf(session, new Moment.AtSequence(query.Sequence)).RulesetAsync(query.Flag, query.Environment, cancellationToken);
        return ruleset.Flags.Any(flag => flag.Key == query.Flag) ? ruleset : null;
    }
}

internal sealed class GetFlagRevisionsHandler(IQuerySession session) : IQueryHandler<GetFlagRevisions, FlagRevisions?>
{
    public async ValueTask<FlagRevisions?> Handle(GetFlagRevisions query, CancellationToken cancellationToken)
    {
        var revisions = new List<FlagRevision>();
        Flag? flag = null;
        foreach (var e in await session.Events.FetchStreamAsync(Flag.Stream(query.Flag), token: cancellationToken))
        {
            flag = FlagHistory.Apply(flag, e);
            // A change in another environment leaves this one's version where it was.
            if (flag?.Definition(query.Environment) is { } definition && definition.Version == e.Version)
                revisions.Add(new FlagRevision(e.Timestamp, definition));
        }

        return flag is null ? null : new FlagRevisions(query.Flag, query.Environment, flag.Identity.Owner, revisions);
    }
}
