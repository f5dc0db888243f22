using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using JasperFx.Events;

namespace Delivery.Targeting.Changes;

/// <summary>How a list of changes ends on flags as they are: all made, or none and why.</summary>
internal abstract record ChangeResult
{
    private ChangeResult()
    {
    }

    /// <param name="Events">Per flag, what to append.</param>
    /// <param name="After">Per flag, what it is then.</param>
    /// <param name="Footings">Per change, what it stood on: the flag right before it.</param>
    public sealed record Made(
        IReadOnlyDictionary<string, IReadOnlyList<object>> Events, IReadOnlyDictionary<string, Flag> After, IReadOnlyList<Footing> Footings) : ChangeResult;

    /// <param name="Index">Which change does not apply.</param>
    /// <param name="Outcome">Why.</param>
    public sealed record Stopped(int Index, Outcome Outcome) : ChangeResult
    {
        /// <summary>Why, in a sentence.</summary>
        public string Sentence => Outcome switch
        {
            Outcome.Refused refused => refused.Reason,
            Outcome.Invalid invalid => string.Join("; ", invalid.Errors.Select(e => $"{e.Field}: {e.Message}")),
            Outcome.NotFound gone => $"There is no {gone.Kind} '{gone.Key}'.",
            _ => throw new InvalidOperationException($"a decision does not end in {Outcome.GetType().Name}"),
        };
    }
}

/// <summary>Makes a list of changes, one after the other, each on what those before it left. Pure.</summary>
internal static class ChangeSet
{
    /// <param name="changes">What to do, in order.</param>
    /// <param name="flags">The flags they name that exist.</param>
    /// <param name="rulesets">The environments' present rulesets.</param>
    /// <param name="stoodOn">Per change, what it stood on when it was written; null while it is being written.</param>
    /// <param name="now">When the flags are thought to change.</param>
    public static ChangeResult Make(
        IReadOnlyList<FlagChange> changes, IReadOnlyDictionary<string, Flag> flags, IReadOnlyDictionary<string, Ruleset> rulesets,
        IReadOnlyList<Footing>? stoodOn, DateTimeOffset now)
    {
        var after = new Dictionary<string, Flag>(flags, StringComparer.Ordinal);
        var events = new Dictionary<string, List<object>>(StringComparer.Ordinal);
        var footings = new List<Footing>();
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            if (!after.TryGetValue(change.Flag, out var flag))
                return new ChangeResult.Stopped(i, new Outcome.NotFound("flag", change.Flag));
            if (change.In is { } environment && !rulesets.ContainsKey(environment))
                return new ChangeResult.Stopped(i, new Outcome.NotFound("environment", environment));
            if (stoodOn is not null && stoodOn[i].Moved(flag, Footing.Overwritten(change)) is { Count: > 0 } moved)
                return new ChangeResult.Stopped(i, new Outcome.Refused("flag-moved", Sentences.Moved(stoodOn[i], flag, moved)));
            footings.Add(Footing.Of(flag, change.In));
            var surroundings = Surroundings(change, rulesets, after);
            switch (ChangeMaking.Decide(change, flag, surroundings))
            {
                case Decision.Refuse { Outcome: Outcome.Invalid invalid }:
                    return new ChangeResult.Stopped(i, new Outcome.Invalid([.. invalid.Errors.Select(e => e with { Field = $"changes[{i}].{e.Field}" })]));
                case Decision.Refuse refused:
                    return new ChangeResult.Stopped(i, refused.Outcome);
                case Decision.Append append:
                    foreach (var e in append.Events)
                        after[flag.Key] = After(after[flag.Key], e, now);
                    (events.TryGetValue(flag.Key, out var list) ? list : events[flag.Key] = []).AddRange(append.Events);
                    break;
            }
        }

        return new ChangeResult.Made(events.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<object>)pair.Value), after, footings);
    }

    /// <summary>A flag as it will be after an event that is not recorded yet. Version and sequence stay those of now: the others do not exist.</summary>
    public static Flag After(Flag flag, object e, DateTimeOffset now) => FlagHistory.Apply(flag, e switch
    {
        FlagConfigured x => Recorded(flag, x, now),
        FlagDefined x => Recorded(flag, x, now),
        FlagKilled x => Recorded(flag, x, now),
        FlagRestored x => Recorded(flag, x, now),
        FlagArchived x => Recorded(flag, x, now),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e, "no change makes such an event"),
    })!;

    private static Event<T> Recorded<T>(Flag flag, T data, DateTimeOffset now)
        where T : notnull =>
        new(data)
        {
            Version = flag.Version,
            Sequence = flag.Environments.Values.Select(here => here.Sequence).Append(flag.IdentitySequence).Max(),
            Timestamp = now,
        };

    private static Ruleset Surroundings(FlagChange change, IReadOnlyDictionary<string, Ruleset> rulesets, Dictionary<string, Flag> after)
    {
        if (change.In is not { } environment)
            return new Ruleset();
        var ruleset = rulesets[environment];
        return ruleset with { Flags = [.. ruleset.Flags.Where(flag => !after.ContainsKey(flag.Key)), .. after.Values.Where(flag => !flag.Archived).Select(flag => flag.Definition(environment))] };
    }
}
