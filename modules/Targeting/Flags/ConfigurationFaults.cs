using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Targeting.Flags;

/// <summary>What is wrong with a configuration, by path; each says what would be accepted.</summary>
internal static class ConfigurationFaults
{
    public static IEnumerable<FieldError> Of(FlagConfiguration configuration, FlagIdentity identity)
    {
        var variants = identity.Variants.Select(v => v.Key).ToHashSet(StringComparer.Ordinal);
        var accepted = $"the key of one of the flag's variants: {IdentityFaults.Words(identity)}";
        if (configuration.OffVariant is { } off && !variants.Contains(off))
            yield return new FieldError("offVariant", accepted);
        if (configuration.Rules.Count > Limits.RulesPerFlag)
            yield return new FieldError("rules", $"at most {Limits.RulesPerFlag} rules");
        var faults = OfServe(configuration.Default, "default", variants, accepted)
            .Concat(configuration.Rules.SelectMany((rule, i) => OfRule(rule, i, configuration.Rules, variants, accepted)))
            .Concat(OfTargets(configuration.Targets, variants, accepted))
            .Concat(configuration.Prerequisites.SelectMany(OfPrerequisite));
        foreach (var fault in faults)
            yield return fault;
    }

    private static IEnumerable<FieldError> OfRule(Rule rule, int index, IReadOnlyList<Rule> rules, HashSet<string> variants, string accepted)
    {
        var path = $"rules[{index}]";
        if (rule is null)
            return [new FieldError(path, "an object with id and serve")];
        var faults = OfServe(rule.Serve, $"{path}.serve", variants, accepted);
        if (string.IsNullOrEmpty(rule.Id) || rule.Id.Length > Limits.KeyLength)
            faults = faults.Prepend(new FieldError($"{path}.id", $"1 to {Limits.KeyLength} characters"));
        else if (rules.Take(index).Any(earlier => earlier?.Id == rule.Id))
            faults = faults.Prepend(new FieldError($"{path}.id", $"an id that no other rule has; '{rule.Id}' is there twice"));
        return rule.Condition is { } condition ? faults.Concat(ConditionFaults.Of(condition, $"{path}.condition")) : faults;
    }

    private static IEnumerable<FieldError> OfServe(Serve? serve, string path, HashSet<string> variants, string accepted) => serve switch
    {
        null or Serve.JsonLogic => [],
        Serve.Variant variant => variants.Contains(variant.Key) ? [] : [new FieldError($"{path}.variant", accepted)],
        Serve.Split { Assignment: var split } => OfSplit(split, $"{path}.split", variants, accepted),
        _ => [new FieldError(path, "an object with variant or split")],
    };

    private static IEnumerable<FieldError> OfSplit(Split split, string path, HashSet<string> variants, string accepted)
    {
        if (split.ExposurePartsPerMillion is < 0 or > Split.FullExposure)
            yield return new FieldError($"{path}.exposurePartsPerMillion", "0 to 1,000,000");
        if (!BucketingAlgorithm.All.Contains(split.Algorithm))
            yield return new FieldError($"{path}.algorithm", string.Join(", ", BucketingAlgorithm.All));
        if (split.UnitAttribute.Length == 0)
            yield return new FieldError($"{path}.unitAttribute", "the name of the attribute that names the unit");
        if (split.Weights.Count == 0 && split.Ranges.Count == 0)
            yield return new FieldError($"{path}.weights", "at least one variant with a weight");
        var sum = split.Weights.Sum(w => (long)w.Weight);
        if (split.TotalWeight is < 1 || (split.Ranges.Count == 0 && split.Weights.Count > 0 && sum == 0))
            yield return new FieldError($"{path}.totalWeight", "1 or more");
        if (sum > (split.TotalWeight ?? int.MaxValue))
            yield return new FieldError($"{path}.weights", $"weights that sum up to at most {split.TotalWeight ?? int.MaxValue}");
        for (var i = 0; i < split.Weights.Count; i++)
        {
            if (!variants.Contains(split.Weights[i].Variant))
                yield return new FieldError($"{path}.weights[{i}].variant", accepted);
            if (split.Weights[i].Weight < 0)
                yield return new FieldError($"{path}.weights[{i}].weight", "0 or more");
        }

        for (var i = 0; i < split.Ranges.Count; i++)
        {
            var range = split.Ranges[i];
            if (!variants.Contains(range.Variant))
                yield return new FieldError($"{path}.ranges[{i}].variant", accepted);
            if (range.Start < 0 || range.End < range.Start || range.End > (split.TotalWeight ?? sum))
                yield return new FieldError($"{path}.ranges[{i}]", "start and end inside 0 to totalWeight, start not after end");
        }
    }

    private static IEnumerable<FieldError> OfTargets(IReadOnlyList<IndividualTarget> targets, HashSet<string> variants, string accepted)
    {
        if (targets.Sum(target => target?.Units.Count ?? 0) > Limits.TargetedUnitsPerFlag)
            yield return new FieldError("targets", $"at most {Limits.TargetedUnitsPerFlag} units; put more into a segment");
        for (var i = 0; i < targets.Count; i++)
        {
            if (targets[i] is null || !variants.Contains(targets[i].Variant))
                yield return new FieldError($"targets[{i}].variant", accepted);
            else if (targets[i].Units.Any(string.IsNullOrEmpty))
                yield return new FieldError($"targets[{i}].units", "units' ids that are not empty");
        }
    }

    private static IEnumerable<FieldError> OfPrerequisite(Prerequisite prerequisite, int index)
    {
        if (string.IsNullOrEmpty(prerequisite?.Flag))
            yield return new FieldError($"prerequisites[{index}].flag", "another flag's key");
        else if (prerequisite.Variants.Count == 0)
            yield return new FieldError($"prerequisites[{index}].variants", "at least one of that flag's variants");
    }
}
