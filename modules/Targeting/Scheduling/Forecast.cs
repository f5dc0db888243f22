using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Marten;

namespace Delivery.Targeting.Scheduling;

/// <summary>
/// Flags as they will be at a time if nothing happens but what is scheduled. A change that would fail by then is left out
/// and says why.
/// </summary>
internal sealed class Forecast(IQuerySession session, LiveRulesets live, TimeProvider time)
{
    /// <param name="keys">The flags of interest; those that are not there are left out.</param>
    /// <param name="until">What is due up to this time is made, and no more.</param>
    /// <param name="before">Stops before this scheduled change.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async Task<FlagsAhead> AtAsync(IEnumerable<string> keys, DateTimeOffset until, string? before, CancellationToken cancellationToken)
    {
        var due = (await PendingAsync(cancellationToken)).TakeWhile(change => change.At <= until && change.Key != before).ToList();
        var wanted = due.SelectMany(change => change.Changes).Select(change => change.Flag).Concat(keys).Distinct(StringComparer.Ordinal);
        var flags = (await session.LoadManyAsync<Flag>(cancellationToken, wanted.Select(Flag.Stream).ToArray()))
            .ToDictionary(flag => flag.Key, StringComparer.Ordinal);
        return Make(due, flags, live.Rulesets(), time.GetUtcNow());
    }

    /// <summary>What waits, in the order it will be made.</summary>
    public async Task<IReadOnlyList<ScheduledChange>> PendingAsync(CancellationToken cancellationToken) =>
        InOrder(await session.Query<ScheduledChange>().Where(change => change.Pending).ToListAsync(cancellationToken));

    public static IReadOnlyList<ScheduledChange> InOrder(IEnumerable<ScheduledChange> changes) =>
        [.. changes.OrderBy(change => change.At).ThenBy(change => change.Key, StringComparer.Ordinal)];

    /// <summary>The pure part.</summary>
    public static FlagsAhead Make(
        IReadOnlyList<ScheduledChange> due, Dictionary<string, Flag> flags, IReadOnlyDictionary<string, Evaluation.Ruleset> rulesets, DateTimeOffset now)
    {
        var after = flags;
        var steps = new List<StepAhead>();
        foreach (var change in due)
        {
            var result = ChangeSet.Make(change.Changes, after, rulesets, change.StoodOn, now);
            if (result is ChangeResult.Made made)
                after = new Dictionary<string, Flag>(made.After, StringComparer.Ordinal);
            steps.Add(new StepAhead(change, (result as ChangeResult.Stopped)?.Sentence));
        }

        return new FlagsAhead(after, steps);
    }
}

/// <param name="Flags">By key.</param>
/// <param name="Steps">What was made on the way, in order.</param>
internal sealed record FlagsAhead(Dictionary<string, Flag> Flags, IReadOnlyList<StepAhead> Steps);

/// <param name="Change">What is due.</param>
/// <param name="Trouble">Why it would fail; null when it applies.</param>
internal sealed record StepAhead(ScheduledChange Change, string? Trouble);
