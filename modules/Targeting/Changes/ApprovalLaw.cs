using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Changes;

/// <summary>
/// What needs a second person where an environment asks for one: every change of what people configured there, and of what
/// the flag serves everywhere. A kill never does; a rollout's steps do not (its start does, in Rollouts). see decision 11.
/// </summary>
internal static class ApprovalLaw
{
    /// <summary>The refusal of events that nobody approved; null when they need no approval.</summary>
    /// <param name="flag">The flag before them.</param>
    /// <param name="events">What was decided.</param>
    /// <param name="guarded">The environments that ask for a second person.</param>
    public static Outcome.Refused? Against(Flag flag, IReadOnlyList<object> events, IReadOnlyCollection<string> guarded)
    {
        if (guarded.Count == 0)
            return null;
        return events.Select(e => Reached(flag, e, guarded)).FirstOrDefault(environment => environment is not null) is { } reached
            ? Refused(flag.Key, reached)
            : null;
    }

    /// <summary>As above for a flag that begins with a configuration.</summary>
    public static Outcome.Refused? Against(FlagCreated created, IReadOnlyCollection<string> guarded) =>
        created.Environments.Keys.FirstOrDefault(guarded.Contains) is { } reached ? Refused(created.Key, reached) : null;

    /// <summary>A kill that went past the approval says so.</summary>
    public static IReadOnlyList<object> Marked(IReadOnlyList<object> events, IReadOnlyCollection<string> guarded) =>
        [.. events.Select(e => e is FlagKilled killed && guarded.Contains(killed.Environment) ? killed with { Emergency = true } : e)];

    /// <summary>The guarded environment that an event reaches; null when it reaches none.</summary>
    private static string? Reached(Flag flag, object e, IReadOnlyCollection<string> guarded) => e switch
    {
        FlagConfigured x => guarded.Contains(x.Environment) ? x.Environment : null,
        FlagRestored x => guarded.Contains(x.Environment) ? x.Environment : null,
        FlagDefined x => Serves(flag.Identity, x.Identity) ? null : guarded.First(),
        FlagArchived => guarded.First(),
        _ => null,
    };

    /// <summary>Whether a definition serves all that the one before it served: owner, tags, words and new variants are free.</summary>
    private static bool Serves(FlagIdentity before, FlagIdentity after) =>
        before.OffVariant == after.OffVariant
        && before.ClientVisible == after.ClientVisible
        && before.Variants.All(variant => after.Variants.Any(v => v.Key == variant.Key && JsonElement.DeepEquals(v.Value, variant.Value)));

    private static Outcome.Refused Refused(string flag, string environment) => new(
        "approval-required",
        $"'{environment}' requires a second person for changes of the flag '{flag}': propose it with POST /api/v1/proposals. A kill is always allowed at once.");
}
