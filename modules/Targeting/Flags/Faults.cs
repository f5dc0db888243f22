using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Targeting.Flags;

/// <summary>What is wrong with what someone writes: the engine's own checks, and what only people's words need.</summary>
internal static class Faults
{
    private const int LongestDescription = 2_000;
    private const int MostTags = 50;
    private const int LongestTag = 100;

    public static IEnumerable<FieldError> Of(FlagIdentity identity)
    {
        if (Holes("variants", identity.Variants).ToList() is { Count: > 0 } holes)
            return holes;
        var bare = new FlagDefinition { Key = "x", Type = identity.Type, Variants = identity.Variants, OffVariant = identity.OffVariant, Enabled = true };
        return InWords(identity).Concat(FlagValidation.Check(bare).Select(Translate));
    }

    /// <summary>A configuration for a flag, in the ruleset it shall be in: references and cycles are checked, too.</summary>
    public static IEnumerable<FieldError> Of(FlagConfiguration configuration, string key, FlagIdentity identity, Ruleset surroundings)
    {
        var holes = Holes("rules", configuration.Rules)
            .Concat(Holes("targets", configuration.Targets))
            .Concat(Holes("prerequisites", configuration.Prerequisites))
            .ToList();
        if (holes.Count > 0)
            return holes;
        return RulesetValidation.Check(Definition(configuration, key, identity), surroundings).Select(Translate);
    }

    /// <summary>A condition by itself, with the segments and flags it names.</summary>
    public static IEnumerable<FieldError> Of(Condition condition, string path, Flag flag, Ruleset surroundings)
    {
        const string First = "rules[0].condition";
        var only = new FlagConfiguration { Rules = [new Rule { Id = "only", Condition = condition, Serve = new Serve.Variant(flag.Identity.OffVariant) }] };
        return Of(only, flag.Key, flag.Identity, surroundings)
            .Where(fault => fault.Field.StartsWith(First, StringComparison.Ordinal))
            .Select(fault => fault with { Field = path + fault.Field[First.Length..] });
    }

    /// <summary>The variants' keys for a message.</summary>
    public static string Variants(FlagIdentity identity)
    {
        const int Shown = 10;
        var keys = string.Join(", ", identity.Variants.Take(Shown).Select(v => v.Key));
        return identity.Variants.Count > Shown ? keys + ", ..." : keys;
    }

    public static FieldError Translate(ValidationError error) => new(error.Path, error.Message);

    /// <summary>A list of the body may hold null, which no type forbids.</summary>
    public static IEnumerable<FieldError> Holes<T>(string path, IReadOnlyList<T> items) =>
        items.Select((item, i) => (item, i)).Where(pair => pair.item is null).Select(pair => new FieldError($"{path}[{pair.i}]", "an object, not null"));

    private static FlagDefinition Definition(FlagConfiguration configuration, string key, FlagIdentity identity) => new()
    {
        Key = key,
        Type = identity.Type,
        Variants = identity.Variants,
        Enabled = configuration.Enabled,
        OffVariant = configuration.OffVariant ?? identity.OffVariant,
        Default = configuration.Default,
        Rules = configuration.Rules,
        Targets = configuration.Targets,
        Prerequisites = configuration.Prerequisites,
    };

    private static IEnumerable<FieldError> InWords(FlagIdentity identity)
    {
        if (identity.Description?.Length > LongestDescription)
            yield return new FieldError("description", $"at most {LongestDescription} characters");
        if (identity.Owner is { } owner && !Keys.IsKebab(owner))
            yield return new FieldError("owner", $"a team's key: {Keys.Accepted}");
        if (identity.Tags.Count > MostTags || identity.Tags.Any(tag => string.IsNullOrWhiteSpace(tag) || tag.Length > LongestTag))
            yield return new FieldError("tags", $"at most {MostTags} tags of 1 to {LongestTag} characters");
    }
}
