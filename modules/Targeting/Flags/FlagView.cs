using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Releases;

namespace Delivery.Targeting.Flags;

/// <summary>A flag as the API shows it.</summary>
/// <param name="Version">The stream version, for If-Match.</param>
/// <param name="Sequence">Global sequence of its last change.</param>
/// <param name="Environments">By environment: state and configuration.</param>
internal sealed record FlagView(
    string Key,
    FlagType Type,
    IReadOnlyList<Variant> Variants,
    string OffVariant,
    string? Owner,
    IReadOnlyList<string> Tags,
    string? Description,
    DateOnly? ExpiresOn,
    bool ClientVisible,
    bool Archived,
    long Version,
    long Sequence,
    DateTimeOffset CreatedAt,
    string? CreatedBy,
    DateTimeOffset ChangedAt,
    IReadOnlyDictionary<string, FlagInEnvironmentView> Environments)
{
    /// <summary>Where it stands between birth and removal; absent for the past and the future.</summary>
    public FlagLifecycle? Lifecycle { get; init; }

    public static FlagView Of(Flag flag, IEnumerable<string> environments)
    {
        var i = flag.Identity;
        return new FlagView(
            flag.Key, i.Type, i.Variants, i.OffVariant, i.Owner, i.Tags, i.Description, i.ExpiresOn, i.ClientVisible, flag.Archived, flag.Version,
            flag.Environments.Values.Select(e => e.Sequence).Append(flag.IdentitySequence).Max(),
            flag.CreatedAt, flag.CreatedBy, flag.ChangedAt,
            environments.ToDictionary(key => key, key => FlagInEnvironmentView.Of(flag, key)));
    }
}

/// <summary>A flag in one environment: what <c>PUT .../environments/{environment}</c> takes, and its state.</summary>
/// <param name="Killed">Whether someone turned it off; <c>/kill</c> and <c>/restore</c> change it.</param>
/// <param name="OffVariant">What is served then; absent means the flag's own.</param>
/// <param name="Rules">In order; those of rollouts come first and carry managedBy.</param>
/// <param name="Sequence">Global sequence of the last change that concerned this environment.</param>
internal sealed record FlagInEnvironmentView(
    bool Enabled,
    bool Killed,
    string? OffVariant,
    Serve? Default,
    IReadOnlyList<Rule> Rules,
    IReadOnlyList<IndividualTarget> Targets,
    IReadOnlyList<Prerequisite> Prerequisites,
    long Sequence)
{
    public static FlagInEnvironmentView Of(Flag flag, string environment)
    {
        var here = flag.In(environment);
        var c = here.Configuration;
        return new FlagInEnvironmentView(
            c.Enabled, here.Killed, c.OffVariant, c.Default, [.. ManagedRules.Of(here.Releases), .. c.Rules], c.Targets, c.Prerequisites,
            Math.Max(here.Sequence, flag.IdentitySequence));
    }
}
