using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>Checks one flag by itself: shape, references to its own variants, and limits.</summary>
public static class FlagValidation
{
    private static readonly Dictionary<FlagType, string> AcceptedValues = new()
    {
        [FlagType.Boolean] = "true or false",
        [FlagType.String] = "text",
        [FlagType.Number] = "a number",
        [FlagType.Object] = "any JSON value",
    };

    /// <summary>Checks a flag. References to other flags and segments: <see cref="RulesetValidation"/>.</summary>
    /// <param name="flag">The flag.</param>
    /// <returns>All errors; empty if the flag is valid.</returns>
    public static IReadOnlyList<ValidationError> Check(FlagDefinition flag)
    {
        var errors = new ErrorList();
        errors.Key("key", flag.Key);
        CheckVariants(flag, errors);
        var variants = flag.Variants.Select(variant => variant.Key).ToHashSet(StringComparer.Ordinal);
        Variant(errors, "offVariant", flag.OffVariant, variants);
        if (flag.Default is not null)
            CheckServe(errors, "default", flag.Default, variants);
        CheckRules(flag, errors, variants);
        CheckTargets(flag, errors, variants);
        CheckPrerequisites(flag, errors);
        return errors.Errors;
    }

    internal static void Variant(ErrorList errors, string path, string? key, HashSet<string> variants)
    {
        if (key is not null && variants.Contains(key))
            return;
        const int shown = 20;
        var accepted = string.Join(", ", variants.Take(shown)) + (variants.Count > shown ? ", ..." : "");
        errors.Add(path, $"is {key ?? "null"}, which is no variant of the flag; accepted are {accepted}.");
    }

    private static void CheckVariants(FlagDefinition flag, ErrorList errors)
    {
        if (flag.Variants.Count == 0)
            errors.Add("variants", "is empty; a flag has at least one variant.");
        errors.AtMost("variants", flag.Variants.Count, Limits.VariantsPerFlag, "variants");
        errors.Unique("variants", flag.Variants, "key", variant => variant.Key);
        for (var i = 0; i < flag.Variants.Count; i++)
        {
            errors.Key($"variants[{i}].key", flag.Variants[i].Key);
            if (!HasType(flag.Variants[i].Value, flag.Type))
                errors.Add($"variants[{i}].value", $"is no {flag.Type}; accepted is {AcceptedValues[flag.Type]}.");
        }
    }

    private static bool HasType(JsonElement value, FlagType type) => type switch
    {
        FlagType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        FlagType.String => value.ValueKind == JsonValueKind.String,
        FlagType.Number => value.ValueKind == JsonValueKind.Number,
        _ => value.ValueKind != JsonValueKind.Undefined,
    };

    private static void CheckRules(FlagDefinition flag, ErrorList errors, HashSet<string> variants)
    {
        errors.AtMost("rules", flag.Rules.Count, Limits.RulesPerFlag, "rules");
        errors.Unique("rules", flag.Rules, "id", rule => rule.Id);
        for (var i = 0; i < flag.Rules.Count; i++)
        {
            errors.Key($"rules[{i}].id", flag.Rules[i].Id);
            if (flag.Rules[i].Condition is { } condition)
                ConditionValidation.Check(errors, $"rules[{i}].condition", condition);
            CheckServe(errors, $"rules[{i}].serve", flag.Rules[i].Serve, variants);
        }
    }

    private static void CheckServe(ErrorList errors, string path, Serve? serve, HashSet<string> variants)
    {
        switch (serve)
        {
            case Serve.Variant variant:
                Variant(errors, $"{path}.variant", variant.Key, variants);
                break;
            case Serve.Split split:
                SplitValidation.Check(errors, $"{path}.split", split.Assignment, variants);
                break;
            case Serve.JsonLogic logic:
                ConditionValidation.CheckExpression(errors, $"{path}.jsonLogic", logic.Expression);
                break;
            default:
                errors.Add(path, "is of no known kind; accepted is an object with variant, split or jsonLogic.");
                break;
        }
    }

    private static void CheckTargets(FlagDefinition flag, ErrorList errors, HashSet<string> variants)
    {
        errors.AtMost("targets", flag.Targets.Sum(target => target.Units.Count), Limits.TargetedUnitsPerFlag, "units");
        var seen = new Dictionary<(string, string), string>();
        for (var i = 0; i < flag.Targets.Count; i++)
        {
            var target = flag.Targets[i];
            Variant(errors, $"targets[{i}].variant", target.Variant, variants);
            if (string.IsNullOrEmpty(target.UnitAttribute))
                errors.Add($"targets[{i}].unitAttribute", "is empty; accepted is the name of an attribute.");
            for (var j = 0; j < target.Units.Count; j++)
            {
                if (!seen.TryAdd((target.UnitAttribute, target.Units[j]), target.Variant) && seen[(target.UnitAttribute, target.Units[j])] != target.Variant)
                    errors.Add($"targets[{i}].units[{j}]", $"is targeted for {seen[(target.UnitAttribute, target.Units[j])]}, too; accepted is one variant per unit.");
            }
        }
    }

    private static void CheckPrerequisites(FlagDefinition flag, ErrorList errors)
    {
        for (var i = 0; i < flag.Prerequisites.Count; i++)
        {
            errors.Key($"prerequisites[{i}].flag", flag.Prerequisites[i].Flag);
            if (flag.Prerequisites[i].Variants.Count == 0)
                errors.Add($"prerequisites[{i}].variants", "is empty; name at least one variant of the other flag.");
            if (flag.Prerequisites[i].Flag == flag.Key)
                errors.Add($"prerequisites[{i}].flag", "is the flag itself; accepted is another flag.");
        }
    }
}
