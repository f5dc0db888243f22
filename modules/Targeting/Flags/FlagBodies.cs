using Delivery.Evaluation;

namespace Delivery.Targeting.Flags;

/// <summary>A flag to create: <c>{ "key": "x", "type": "boolean" }</c> is enough.</summary>
/// <param name="Key">1 to 100 characters in kebab-case.</param>
/// <param name="Type">boolean, string, number or object; it never changes.</param>
/// <param name="Variants">The outcomes; a boolean flag gets on and off when they are left out.</param>
/// <param name="OffVariant">What is served when the flag is disabled or killed; found by name or value when left out.</param>
/// <param name="Owner">The owner team's key.</param>
/// <param name="Tags">Words to find it by.</param>
/// <param name="Description">What it decides.</param>
/// <param name="ExpiresOn">The day after which it should be gone.</param>
/// <param name="ClientVisible">Whether client SDK keys may see it.</param>
/// <param name="Environments">Configurations to begin with; enabled and serving the off variant where left out.</param>
/// <param name="Comment">Why.</param>
internal sealed record NewFlag(
    string Key,
    FlagType Type,
    IReadOnlyList<Variant>? Variants = null,
    string? OffVariant = null,
    string? Owner = null,
    IReadOnlyList<string>? Tags = null,
    string? Description = null,
    DateOnly? ExpiresOn = null,
    bool ClientVisible = false,
    IReadOnlyDictionary<string, FlagConfiguration>? Environments = null,
    string? Comment = null);

/// <summary>A flag's definition, written as a whole.</summary>
internal sealed record NewIdentity(
    FlagType Type,
    IReadOnlyList<Variant> Variants,
    string OffVariant,
    string? Owner = null,
    IReadOnlyList<string>? Tags = null,
    string? Description = null,
    DateOnly? ExpiresOn = null,
    bool ClientVisible = false,
    string? Comment = null)
{
    public FlagIdentity Identity() => new()
    {
        Type = Type,
        Variants = Variants,
        OffVariant = OffVariant,
        Owner = Owner,
        Tags = Tags ?? [],
        Description = Description,
        ExpiresOn = ExpiresOn,
        ClientVisible = ClientVisible,
    };
}

/// <summary>A flag's configuration in one environment, written as a whole; what is left out has its default.</summary>
internal sealed record NewConfiguration(
    bool Enabled = true,
    string? OffVariant = null,
    Serve? Default = null,
    IReadOnlyList<Rule>? Rules = null,
    IReadOnlyList<IndividualTarget>? Targets = null,
    IReadOnlyList<Prerequisite>? Prerequisites = null,
    string? Comment = null)
{
    public FlagConfiguration Configuration() => new()
    {
        Enabled = Enabled,
        OffVariant = OffVariant,
        Default = Default,
        Rules = Rules ?? [],
        Targets = Targets ?? [],
        Prerequisites = Prerequisites ?? [],
    };
}

/// <summary>Why a change is made.</summary>
internal sealed record Reason(string? Comment = null);
