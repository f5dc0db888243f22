using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Populations;

/// <summary>Removes units from a list of a segment and adds others. Repeating it changes nothing.</summary>
internal sealed record ChangeMembers(Audit Audit, string Key, SegmentList List, IReadOnlyList<string> Add, IReadOnlyList<string> Remove) : Command(Audit);

internal static class MemberDecisions
{
    public static Decision Decide(ChangeMembers command, SegmentMembers present)
    {
        if (FaultsOf(command).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        var list = present.In(command.List);
        var removed = command.Remove.Where(unit => list.Contains(unit)).Distinct(StringComparer.Ordinal).ToArray();
        var gone = removed.ToHashSet(StringComparer.Ordinal);
        var added = command.Add.Where(unit => !list.Contains(unit) || gone.Contains(unit)).Distinct(StringComparer.Ordinal).ToArray();
        if (list.Count - removed.Length + added.Length is > Limits.UnitsPerSegment and var count)
            return Decision.Invalid([new FieldError("add", $"the list would have {count} units; accepted are up to {Limits.UnitsPerSegment}")]);
        List<object> events = [];
        if (removed.Length > 0)
            events.Add(new SegmentMembersRemoved(command.List, removed));
        if (added.Length > 0)
            events.Add(new SegmentMembersAdded(command.List, added));
        return new Decision.Append(events);
    }

    private static IEnumerable<FieldError> FaultsOf(ChangeMembers command)
    {
        foreach (var (field, units) in new[] { ("add", command.Add), ("remove", command.Remove) })
        {
            if (units.Count > SegmentMembers.MostInOneEvent)
                yield return new FieldError(field, $"has {units.Count} units; accepted are up to {SegmentMembers.MostInOneEvent} in one change, and any number as application/x-ndjson or text/csv");
            foreach (var error in PopulationValidation.CheckUnits(field, units))
                yield return Faults.Translate(error);
        }
    }
}

internal sealed class ChangeMembersHandler(IDocumentSession session, LiveRulesets live, GuardedEnvironments environments) : ICommandHandler<ChangeMembers, Outcome>
{
    public async ValueTask<Outcome> Handle(ChangeMembers command, CancellationToken cancellationToken)
    {
        // The gate has brought memory up to date: it has the whole lists, the stored state has not.
        var id = Population.Stream("segment", command.Key);
        if (live.Find("segment", command.Key) is not { Deleted: false } present)
            return new Outcome.NotFound("segment", command.Key);
        var stream = await session.Events.FetchForWriting<Population>(id, cancellationToken);
        var decision = MemberDecisions.Decide(command, present.Members);
        return decision is Decision.Append { Events.Count: > 0 }
            && PopulationLaw.Against(command.Audit, "segment", command.Key, present, live.Rulesets(), await environments.GuardedAsync(cancellationToken)) is { } refusal
                ? refusal
                : stream.Finish(command.Audit, "segment", command.Key, decision);
    }
}
