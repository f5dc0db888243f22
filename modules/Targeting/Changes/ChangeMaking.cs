using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Changes;

/// <summary>What one written-down change does to a flag as it is: the same decisions as when a person makes it at once.</summary>
internal static class ChangeMaking
{
    private const double PartsPerMillionPerPercent = 10_000;

    public static Decision Decide(FlagChange change, Flag flag, Ruleset surroundings) => change switch
    {
        FlagChange.Kill x => FlagKilling.Kill(flag, x.Environment),
        FlagChange.Restore x => FlagKilling.Restore(flag, x.Environment),
        FlagChange.Define x => FlagDefining.Decide(Identity(x), flag),
        FlagChange.Archive => FlagArchiving.Decide(flag),
        FlagChange.SetExposure x => Exposure(x, flag),
        FlagChange.Enable x => Configuration(flag, x.Environment, surroundings, present => present with { Enabled = true }),
        FlagChange.Disable x => Configuration(flag, x.Environment, surroundings, present => present with { Enabled = false }),
        FlagChange.SetRules x => Configuration(flag, x.Environment, surroundings, present => present with { Rules = x.Rules }),
        FlagChange.SetDefault x => Configuration(flag, x.Environment, surroundings, present => present with { Default = x.Default }),
        FlagChange.SetTargets x => Configuration(flag, x.Environment, surroundings, present => present with { Targets = x.Targets }),
        FlagChange.SetPrerequisites x => Configuration(flag, x.Environment, surroundings, present => present with { Prerequisites = x.Prerequisites }),
        FlagChange.Configure x => Configuration(flag, x.Environment, surroundings, _ => Whole(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "no such change"),
    };

    private static Decision Configuration(Flag flag, string environment, Ruleset surroundings, Func<FlagConfiguration, FlagConfiguration> change)
    {
        if (flag.Archived)
            return Refusals.Archived(flag);
        var present = flag.In(environment).Configuration;
        var wanted = change(present);
        if (Faults.Of(wanted, flag.Key, flag.Identity, surroundings).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        for (var i = 0; i < wanted.Rules.Count; i++)
        {
            if (wanted.Rules[i].ManagedBy is not null)
                return Decision.Invalid([new($"rules[{i}].managedBy", "nothing: rollouts keep their own rules, and they stay where they are")]);
        }

        return Same(present, wanted) ? Decision.Nothing : Decision.Of(new FlagConfigured(environment, wanted));
    }

    private static Decision Exposure(FlagChange.SetExposure change, Flag flag)
    {
        if (flag.Archived)
            return Refusals.Archived(flag);
        if (change.ExposurePercent is not (>= 0 and <= 100))
            return Decision.Invalid([new("exposurePercent", "0 to 100")]);
        var present = flag.In(change.Environment).Configuration;
        if (present.Rules.FirstOrDefault(rule => rule.Id == change.Rule) is not { Serve: Serve.Split { Assignment: var split } } rule)
            return Decision.Refused("rule-gone", $"The flag '{flag.Key}' has no rule '{change.Rule}' with a split in {change.Environment}.");
        var exposed = rule with { Serve = new Serve.Split(split with { ExposurePartsPerMillion = (int)Math.Round(change.ExposurePercent * PartsPerMillionPerPercent) }) };
        var wanted = present with { Rules = [.. present.Rules.Select(r => r.Id == change.Rule ? exposed : r)] };
        return Same(present, wanted) ? Decision.Nothing : Decision.Of(new FlagConfigured(change.Environment, wanted));
    }

    private static FlagConfiguration Whole(FlagChange.Configure x) => new()
    {
        Enabled = x.Enabled,
        OffVariant = x.OffVariant,
        Default = x.Default,
        Rules = x.Rules ?? [],
        Targets = x.Targets ?? [],
        Prerequisites = x.Prerequisites ?? [],
    };

    private static FlagIdentity Identity(FlagChange.Define x) => new()
    {
        Type = x.Type,
        Variants = x.Variants,
        OffVariant = x.OffVariant,
        Owner = x.Owner,
        Tags = x.Tags ?? [],
        Description = x.Description,
        ExpiresOn = x.ExpiresOn,
        ClientVisible = x.ClientVisible,
    };

    private static bool Same(FlagConfiguration a, FlagConfiguration b) =>
        JsonElement.DeepEquals(JsonSerializer.SerializeToElement(a, Json.Options), JsonSerializer.SerializeToElement(b, Json.Options));
}
