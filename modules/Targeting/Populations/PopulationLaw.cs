using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Targeting.Populations;

/// <summary>
/// Segments, layers and holdouts are the same in every environment, so a change of one reaches the environments that
/// require approval. Where it does, only an admin may make it; see decision 11.
/// </summary>
internal static class PopulationLaw
{
    /// <param name="audit">Who asks.</param>
    /// <param name="kind"><c>segment</c>, <c>layer</c> or <c>holdout</c>.</param>
    /// <param name="key">Its key.</param>
    /// <param name="present">As it is; null where it is new.</param>
    /// <param name="rulesets">The environments' present rulesets.</param>
    /// <param name="guarded">The environments that require approval.</param>
    public static Outcome.Refused? Against(
        Audit audit, string kind, string key, Population? present, IReadOnlyDictionary<string, Ruleset> rulesets, IReadOnlyCollection<string> guarded)
    {
        if (audit.Role >= AccessRole.Admin)
            return null;
        return guarded.FirstOrDefault(environment => Reaches(kind, present, rulesets.GetValueOrDefault(environment))) is { } reached
            ? new Outcome.Refused("admin-required", $"The {kind} '{key}' decides in '{reached}', which requires approval: only an admin may change it.")
            : null;
    }

    /// <summary>A layer or holdout names its flags and so reaches them everywhere; a segment reaches where something asks for it.</summary>
    private static bool Reaches(string kind, Population? present, Ruleset? ruleset) =>
        kind != "segment" || (ruleset is not null && present is { Deleted: false } && RulesetValidation.Check(present.Without(ruleset)).Count > 0);
}
