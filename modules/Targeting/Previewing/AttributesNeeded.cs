using Delivery.Evaluation;

namespace Delivery.Targeting.Previewing;

/// <summary>
/// The attributes that a decision rests on: none where the flag serves everyone the same, those of the rules up to the one that
/// decided, and everything otherwise. What comes after the deciding rule was not asked and need not be known.
/// </summary>
internal sealed class AttributesNeeded(Snapshot snapshot, string flag)
{
    private readonly Dictionary<int, IReadOnlyList<string>> _upToRule = [];

    public IReadOnlyList<string> By(in EvaluationResult result)
    {
        if (result.Reason is EvaluationReason.Static or EvaluationReason.Disabled)
            return [];
        var why = result.Why;
        if (why.RuleIndex < 0)
            return snapshot.AttributesReadBy(flag);
        if (!_upToRule.TryGetValue(why.RuleIndex, out var names))
            _upToRule[why.RuleIndex] = names = UpTo(why.RuleIndex);
        return names;
    }

    private IReadOnlyList<string> UpTo(int rule)
    {
        var definition = snapshot.Definition(flag)!;
        return snapshot.With(definition with { Rules = [.. definition.Rules.Take(rule + 1)], Default = null }).AttributesReadBy(flag);
    }
}
