using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Import;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Populations;

/// <summary>Writes a segment, layer or holdout (exactly one is given), new or anew. Repeating it changes nothing.</summary>
internal sealed record DefinePopulation(
    Audit Audit, string Kind, string Key, Segment? Segment, Layer? Layer, Holdout? Holdout, string? Description, string? Owner) : Command(Audit)
{
    public ImportedPopulation Written => new(Segment, Layer, Holdout, Description, Owner);
}

/// <summary>Takes a segment, layer or holdout away. Repeating it changes nothing.</summary>
internal sealed record DeletePopulation(Audit Audit, string Kind, string Key) : Command(Audit);

internal static class PopulationDecisions
{
    /// <param name="present">What is there now, with its lists.</param>
    /// <param name="rulesets">The environments' present rulesets.</param>
    public static Decision Decide(DefinePopulation command, Population? present, IReadOnlyDictionary<string, Ruleset> rulesets)
    {
        if (FaultsOf(command, rulesets).Distinct().ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        return new Decision.Append(PopulationEvents.To(command.Written, present));
    }

    public static Decision Decide(Population present, IReadOnlyDictionary<string, Ruleset> rulesets)
    {
        if (present.Deleted)
            return Decision.Nothing;
        foreach (var (environment, ruleset) in rulesets)
        {
            if (present.Segment is not null && RulesetValidation.Check(present.Without(ruleset)) is [var use, ..])
                return Decision.Refused("segment-in-use", $"The segment '{present.Key}' is used in {environment}: {Named(use, ruleset)}. Take it away there first.");
        }

        return Decision.Of(new PopulationDeleted(present.Key));
    }

    /// <summary>Says the flag's key instead of its place in the ruleset.</summary>
    private static string Named(ValidationError use, Ruleset ruleset) =>
        use.Path.StartsWith("flags[", StringComparison.Ordinal) && int.TryParse(use.Path.AsSpan(6, use.Path.IndexOf(']', StringComparison.Ordinal) - 6), out var at)
            ? $"flag {ruleset.Flags[at].Key}, {use.Path[(use.Path.IndexOf('.', StringComparison.Ordinal) + 1)..]}"
            : use.Path;

    private static IEnumerable<FieldError> FaultsOf(DefinePopulation command, IReadOnlyDictionary<string, Ruleset> rulesets)
    {
        if (!Keys.IsKebab(command.Key))
            yield return new FieldError("key", Keys.Accepted);
        var own = command.Segment is { } segment ? rulesets.Values.SelectMany(ruleset => RulesetValidation.Check(segment, ruleset))
            : command.Layer is { } layer ? PopulationValidation.Check(layer)
            : PopulationValidation.Check(command.Holdout!);
        foreach (var error in own)
            yield return Faults.Translate(error);
        var flags = rulesets.Values.SelectMany(ruleset => ruleset.Flags).Select(flag => flag.Key).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < (command.Layer?.Slots.Count ?? 0); i++)
        {
            if (!flags.Contains(command.Layer!.Slots[i].Flag))
                yield return new FieldError($"slots[{i}].flag", "the key of a flag that exists and is not archived");
        }

        for (var i = 0; i < (command.Holdout?.Flags.Count ?? 0); i++)
        {
            if (!flags.Contains(command.Holdout!.Flags[i]))
                yield return new FieldError($"flags[{i}]", "the key of a flag that exists and is not archived");
        }
    }
}

internal sealed class DefinePopulationHandler(IDocumentSession session, LiveRulesets live, GuardedEnvironments environments) : ICommandHandler<DefinePopulation, Outcome>
{
    public async ValueTask<Outcome> Handle(DefinePopulation command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Population>(Population.Stream(command.Kind, command.Key), cancellationToken);
        var (present, rulesets) = (live.Find(command.Kind, command.Key), live.Rulesets());
        var decision = PopulationDecisions.Decide(command, present, rulesets);
        return decision is Decision.Append { Events.Count: > 0 }
            && PopulationLaw.Against(command.Audit, command.Kind, command.Key, present, rulesets, await environments.GuardedAsync(cancellationToken)) is { } refusal
                ? refusal
                : stream.Finish(command.Audit, command.Kind, command.Key, decision);
    }
}

internal sealed class DeletePopulationHandler(IDocumentSession session, LiveRulesets live, GuardedEnvironments environments) : ICommandHandler<DeletePopulation, Outcome>
{
    public async ValueTask<Outcome> Handle(DeletePopulation command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<Population>(Population.Stream(command.Kind, command.Key), cancellationToken);
        if (stream.Aggregate is not { } present)
            return new Outcome.NotFound(command.Kind, command.Key);
        var rulesets = live.Rulesets();
        var decision = PopulationDecisions.Decide(present, rulesets);
        return decision is Decision.Append { Events.Count: > 0 }
            && PopulationLaw.Against(command.Audit, command.Kind, command.Key, present, rulesets, await environments.GuardedAsync(cancellationToken)) is { } refusal
                ? refusal
                : stream.Finish(command.Audit, command.Kind, command.Key, decision);
    }
}
