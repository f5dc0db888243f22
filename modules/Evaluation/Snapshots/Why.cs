using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>What decided an evaluation.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<WhyKind>))]
public enum WhyKind : byte
{
    /// <summary>Nothing: the evaluation failed.</summary>
    None,

    /// <summary>The flag is disabled.</summary>
    Disabled,

    /// <summary>The flag was killed.</summary>
    Killed,

    /// <summary>A prerequisite did not hold; the subject names the flag.</summary>
    Prerequisite,

    /// <summary>The unit is an individual target; the subject names the attribute.</summary>
    Target,

    /// <summary>The unit is held out; the subject names the holdout.</summary>
    Holdout,

    /// <summary>A rule that serves one variant.</summary>
    Rule,

    /// <summary>A rule's split.</summary>
    RuleSplit,

    /// <summary>The default, which serves one variant.</summary>
    Default,

    /// <summary>The default's split.</summary>
    DefaultSplit,
}

/// <summary>Why a rule whose condition matched did not decide.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<FallThrough>))]
public enum FallThrough : byte
{
    /// <summary>No matching rule was passed over.</summary>
    None,

    /// <summary>The context has no unit for the split, a filter or the layer.</summary>
    UnitAttributeMissing,

    /// <summary>The unit's exposure bucket is above the exposure percentage, or its split bucket is in the unexposed pool.</summary>
    NotExposed,

    /// <summary>The unit did not pass a filter of the split.</summary>
    OutsideFilter,

    /// <summary>The unit's layer bucket is not in the rule's slot.</summary>
    OutsideLayerSlot,

    /// <summary>The rule's expression named no variant.</summary>
    NoVariant,

    /// <summary>The rule holds something this version does not know; it is skipped, whoever asks.</summary>
    Unsupported,
}

/// <summary>The finer why of a result.</summary>
/// <param name="Kind">What decided.</param>
/// <param name="RuleIndex">Index of the deciding rule; -1 if no rule decided.</param>
/// <param name="RuleId">Id of the deciding rule.</param>
/// <param name="Bucket">The deciding bucket as a fraction in [0, 1), for splits and holdouts.</param>
/// <param name="Subject">Key of the holdout or prerequisite, or the target's attribute.</param>
/// <param name="FallThrough">Why the first matching rule before the decision was passed over.</param>
/// <param name="SkippedRuleIndex">Index of that rule; -1 if there is none (or if it was the default's split).</param>
/// <param name="SkippedRuleId">Id of that rule.</param>
public readonly record struct Why(
    WhyKind Kind,
    int RuleIndex,
    string? RuleId,
    double? Bucket,
    string? Subject,
    FallThrough FallThrough,
    int SkippedRuleIndex,
    string? SkippedRuleId);

/// <summary>The why while it is being found.</summary>
internal struct Decision
{
    public Decision()
    {
    }

    internal WhyKind Kind { get; set; }

    internal FallThrough FallThrough { get; private set; }

    internal short RuleIndex { get; set; } = -1;

    internal short SkippedRuleIndex { get; private set; } = -1;

    internal ulong Bucket { get; set; }

    internal string? Subject { get; set; }

    /// <summary>Remembers the first rule that was passed over.</summary>
    internal void Skip(int ruleIndex, FallThrough reason)
    {
        if (FallThrough != FallThrough.None)
            return;
        FallThrough = reason;
        SkippedRuleIndex = (short)ruleIndex;
    }
}
