using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Asks Targeting for a flag as it is now in one environment; null when there is none.</summary>
public sealed record FindFlag(string Flag, string Environment) : IQuery<FlagSummary?>;

/// <summary>What other modules need to know of a flag.</summary>
/// <param name="Key">The flag's key.</param>
/// <param name="Owner">The owner team's key, or null.</param>
/// <param name="Variants">The variants' keys, in the flag's order.</param>
/// <param name="OffVariant">What is served when the flag is disabled or killed.</param>
/// <param name="Version">The stream version.</param>
/// <param name="Enabled">Whether rules apply in this environment.</param>
/// <param name="Killed">Whether a person turned it off in this environment.</param>
/// <param name="Archived">Whether the flag is retired.</param>
/// <param name="HasEnvironment">Whether the environment exists.</param>
public sealed record FlagSummary(
    string Key,
    string? Owner,
    IReadOnlyList<string> Variants,
    string OffVariant,
    long Version,
    bool Enabled,
    bool Killed,
    bool Archived,
    bool HasEnvironment)
{
    /// <summary>
    /// The rollouts whose rules are in this environment at that version (see <see cref="OpenRelease"/>). Null when
    /// that is not known; a rollout whose rules someone took away ends with <c>FlagGone</c>.
    /// </summary>
    public IReadOnlyList<string>? OpenReleases { get; init; }

    /// <summary>Whether a change of a flag in this environment needs a second person.</summary>
    public bool RequiresApproval { get; init; }
}
