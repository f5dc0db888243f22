using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Targeting.Flags;

/// <summary>What is wrong with what a flag is.</summary>
internal static class IdentityFaults
{
    private const int LongestDescription = 2_000;
    private const int MostTags = 50;
    private const int LongestTag = 100;

    public static IEnumerable<FieldError> Of(FlagIdentity identity)
    {
        if (!Enum.IsDefined(identity.Type))
            yield return new FieldError("type", "boolean, string, number or object");
        if (identity.Variants.Count is 0 or > Limits.VariantsPerFlag)
            yield return new FieldError("variants", $"1 to {Limits.VariantsPerFlag} variants, each a key and a value of the flag's type");
        foreach (var fault in identity.Variants.SelectMany((variant, i) => OfVariant(variant, i, identity)))
            yield return fault;
        if (identity.Variants.Count > 0 && identity.Variants.All(v => v.Key != identity.OffVariant))
            yield return new FieldError("offVariant", $"the key of one of the variants: {Words(identity)}");
        if (identity.Description?.Length > LongestDescription)
            yield return new FieldError("description", $"at most {LongestDescription} characters");
        if (identity.Owner is { } owner && !Keys.IsKebab(owner))
            yield return new FieldError("owner", $"a team's key: {Keys.Accepted}");
        if (identity.Tags.Count > MostTags || identity.Tags.Any(tag => string.IsNullOrWhiteSpace(tag) || tag.Length > LongestTag))
            yield return new FieldError("tags", $"at most {MostTags} tags of 1 to {LongestTag} characters");
    }

    /// <summary>The variants' keys for a message.</summary>
    public static string Words(FlagIdentity identity)
    {
        const int Shown = 10;
        var keys = string.Join(", ", identity.Variants.Take(Shown).Select(v => v.Key));
        return identity.Variants.Count > Shown ? keys + ", ..." : keys;
    }

    private static IEnumerable<FieldError> OfVariant(Variant variant, int index, FlagIdentity identity)
    {
        if (variant is null)
        {
            yield return new FieldError($"variants[{index}]", "an object with key and value");
            yield break;
        }

        if (string.IsNullOrEmpty(variant.Key) || variant.Key.Length > Limits.KeyLength)
            yield return new FieldError($"variants[{index}].key", $"1 to {Limits.KeyLength} characters");
        else if (identity.Variants.Take(index).Any(earlier => earlier?.Key == variant.Key))
            yield return new FieldError($"variants[{index}].key", $"a key that no other variant has; '{variant.Key}' is there twice");
        if (!OfType(variant.Value, identity.Type))
            yield return new FieldError($"variants[{index}].value", $"a value of the flag's type, {identity.Type.ToString().ToLowerInvariant()}");
    }

    private static bool OfType(JsonElement value, FlagType type) => type switch
    {
        FlagType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        FlagType.String => value.ValueKind is JsonValueKind.String,
        FlagType.Number => value.ValueKind is JsonValueKind.Number && double.IsFinite(value.GetDouble()),
        FlagType.Object => value.ValueKind is not JsonValueKind.Undefined,
        _ => false,
    };
}
