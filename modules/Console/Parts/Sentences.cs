using Delivery.Contracts.Alerting;
using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;

namespace Delivery.Console.Parts;

/// <summary>The sentence each page starts with, written from the data.</summary>
internal static class Sentences
{
    public static string Of(IReadOnlyList<ReleaseView> releases)
    {
        if (releases is [])
            return "Nothing is being released.";
        var live = releases.Count(r => r.Status is RolloutStatus.Running or RolloutStatus.Waiting or RolloutStatus.Paused);
        var parts = new List<string> { live == 0 ? "No release is under way" : $"{Count(live, "release")} under way" };
        Add(parts, releases.Count(r => r.Status is RolloutStatus.Waiting or RolloutStatus.Paused), "{0} waiting for someone");
        Add(parts, releases.Count(r => r.Health is ReleaseHealthWord.Degraded), "{0} degraded");
        Add(parts, releases.Count(r => r.Status is RolloutStatus.Aborted), "{0} stopped");
        Add(parts, releases.Count(r => r.Status is RolloutStatus.Completed), "{0} through to the end");
        return string.Join(", ", parts) + ".";
    }

    public static string Of(IReadOnlyList<AlertView> alerts)
    {
        var open = alerts.Count(a => a.State is AlertState.Raised);
        return alerts is [] ? "Nothing has been raised." : open == 0 ? "Nothing waits for anybody." : $"{Count(open, "alert")} that nobody has acknowledged.";
    }

    public static string Of(IReadOnlyList<FlagLine> flags, IReadOnlyList<ProposalView> proposals)
    {
        if (flags is [])
            return "There is no flag yet; create one with POST /api/v1/flags.";
        var parts = new List<string> { Count(flags.Count, "flag") };
        Add(parts, flags.Count(f => f.Environments.Any(e => e.Definition.Killed)), "{0} killed somewhere");
        Add(parts, flags.Count(f => f.Lifecycle.State == LifecycleState.Stale), "{0} stale");
        Add(parts, flags.Count(f => f.Lifecycle.State == LifecycleState.ReadyToRemove), "{0} ready to remove");
        Add(parts, proposals.Count, "{0} waiting for review or merge");
        return string.Join(", ", parts) + ".";
    }

    public static string Of(FlagLine flag)
    {
        var killed = flag.Environments.Where(e => e.Definition.Killed).Select(e => e.Environment).ToList();
        var state = flag.Lifecycle.State == LifecycleState.Archived ? "It is archived." : killed.Count > 0 ? $"It is killed in {string.Join(" and ", killed)}." : "It is on everywhere it is enabled.";
        return $"{flag.Description?.TrimEnd('.') ?? "A flag that says nothing of itself"}. {state} {(flag.Owner is null ? "Nobody owns it" : $"{flag.Owner} owns it")}.";
    }

    public static string Of(ProposalView proposal) => proposal switch
    {
        { State: ProposalState.Merged, ScheduledChange: not null, At: { } at } => $"It was merged and is scheduled for {Changing.Time(at)}.",
        { State: ProposalState.Merged } => $"It was merged by {proposal.EndedBy}.",
        { State: ProposalState.Rejected } => $"It was rejected by {proposal.EndedBy}.",
        { State: ProposalState.Withdrawn } => $"{proposal.Author} took it back.",
        { Obstacles: [var first, ..] } => first,
        _ => "Nothing stands against it: it can be merged.",
    };

    private static void Add(List<string> parts, int count, string text)
    {
        if (count > 0)
            parts.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, count));
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
