using Delivery.Contracts.Commands;
using Delivery.Evaluation;

namespace Delivery.Targeting.Flags;

/// <summary>What is wrong with a condition tree, by path.</summary>
internal static class ConditionFaults
{
    private static readonly string Operators = string.Join(", ", Evaluation.Operators.Words);

    public static IEnumerable<FieldError> Of(Condition condition, string path)
    {
        if (Count(condition) > Limits.ConditionsPerTree)
            return [new FieldError(path, $"at most {Limits.ConditionsPerTree} conditions in one tree")];
        return Walk(condition, path, depth: 1);
    }

    /// <summary>Segments and flags that a condition asks about.</summary>
    public static IEnumerable<Condition> Leaves(Condition? condition) => condition switch
    {
        null => [],
        Condition.All all => all.Conditions.SelectMany(Leaves),
        Condition.Any any => any.Conditions.SelectMany(Leaves),
        Condition.Not not => Leaves(not.Inner),
        Condition.Attribute { Element: { } element } attribute => Leaves(element).Prepend(attribute),
        var leaf => [leaf],
    };

    private static IEnumerable<FieldError> Walk(Condition condition, string path, int depth)
    {
        if (depth > Limits.ConditionDepth)
            return [new FieldError(path, $"a tree at most {Limits.ConditionDepth} deep")];
        return condition switch
        {
            Condition.All all => all.Conditions.SelectMany((inner, i) => Walk(inner, $"{path}.all[{i}]", depth + 1)),
            Condition.Any any => any.Conditions.SelectMany((inner, i) => Walk(inner, $"{path}.any[{i}]", depth + 1)),
            Condition.Not not => Walk(not.Inner, $"{path}.not", depth + 1),
            Condition.Attribute attribute => OfAttribute(attribute, path, depth),
            Condition.InSegment { Key: "" } => [new FieldError($"{path}.segment", "a segment's key")],
            Condition.FlagServes flag when flag.Key.Length == 0 || flag.Variants.Count == 0 => [new FieldError(path, "flag: a flag's key, and variants: at least one")],
            Condition.Unknown => [new FieldError(path, $"one of all, any, not, attribute (with operator: {Operators}), segment, flag")],
            _ => [],
        };
    }

    private static IEnumerable<FieldError> OfAttribute(Condition.Attribute attribute, string path, int depth)
    {
        if (attribute.Name.Length == 0 && depth == 1)
            yield return new FieldError($"{path}.attribute", "an attribute's name");
        if (attribute.Element is { } element)
        {
            foreach (var inner in Walk(element, $"{path}.element", depth + 1))
                yield return inner;
        }
    }

    private static int Count(Condition condition) => condition switch
    {
        Condition.All all => 1 + all.Conditions.Sum(Count),
        Condition.Any any => 1 + any.Conditions.Sum(Count),
        Condition.Not not => 1 + Count(not.Inner),
        Condition.Attribute { Element: { } element } => 1 + Count(element),
        _ => 1,
    };
}
