using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Mediator;

namespace Delivery.Targeting.Flags;

/// <summary>Writes anew what a flag is: everything but its key and type. Repeating it changes nothing.</summary>
internal sealed record DefineFlag(Audit Audit, string Key, FlagIdentity Identity) : Command(Audit);

internal static class FlagDefining
{
    public static Decision Decide(DefineFlag command, Flag flag) => Decide(command.Identity, flag);

    public static Decision Decide(FlagIdentity identity, Flag flag)
    {
        if (Faults.Of(identity).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        if (flag.Archived)
            return Refusals.Archived(flag);
        if (identity.Type != flag.Identity.Type)
            return Decision.Refused("type-is-fixed", $"The flag '{flag.Key}' is a {flag.Identity.Type.ToString().ToLowerInvariant()} for ever: its callers ask for that type.");
        if (Orphan(identity, flag) is { } orphan)
            return Decision.Refused("variant-in-use", $"The variant '{orphan.Variant}' is served in {orphan.Environment}; take it away there first.");
        return JsonElement.DeepEquals(Written(identity), Written(flag.Identity)) ? Decision.Nothing : Decision.Of(new FlagDefined(identity));
    }

    /// <summary>A variant that an environment serves and the new definition lacks.</summary>
    private static (string Environment, string Variant)? Orphan(FlagIdentity identity, Flag flag)
    {
        var keys = identity.Variants.Select(v => v.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var (environment, here) in flag.Environments)
        {
            if (VariantsServed.By(here).FirstOrDefault(variant => !keys.Contains(variant)) is { } variant)
                return (environment, variant);
        }

        return null;
    }

    private static JsonElement Written(FlagIdentity identity) => JsonSerializer.SerializeToElement(identity, Contracts.Http.Json.Options);
}

/// <summary>The variants that a flag's environment names.</summary>
internal static class VariantsServed
{
    public static IEnumerable<string> By(FlagInEnvironment here) =>
        By(here.Configuration).Concat(here.Releases.Select(release => release.Variant));

    public static IEnumerable<string> By(FlagConfiguration configuration) =>
        configuration.Rules.SelectMany(rule => By(rule.Serve))
            .Concat(By(configuration.Default))
            .Concat(configuration.Targets.Select(target => target.Variant))
            .Concat(configuration.OffVariant is { } off ? [off] : []);

    private static IEnumerable<string> By(Serve? serve) => serve switch
    {
        Serve.Variant variant => [variant.Key],
        Serve.Split { Assignment: var split } => split.Weights.Select(w => w.Variant).Concat(split.Ranges.Select(r => r.Variant)),
        _ => [],
    };
}

internal static class Refusals
{
    public static Decision Archived(Flag flag) => Decision.Refused("flag-archived", $"The flag '{flag.Key}' is archived: nothing of it changes any more.");
}

internal sealed class DefineFlagHandler(FlagWriter writer) : ICommandHandler<DefineFlag, Outcome>
{
    public ValueTask<Outcome> Handle(DefineFlag command, CancellationToken cancellationToken) =>
        writer.ChangeAsync(command.Audit, command.Key, flag => FlagDefining.Decide(command, flag), cancellationToken);
}
