namespace Delivery.Evaluation;

/// <summary>A result with every step that led to it, in order.</summary>
/// <param name="Result">The result; the same as <see cref="Snapshot.Evaluate(string, EvaluationContext)"/> gives.</param>
/// <param name="Steps">The steps.</param>
public sealed record Explanation(EvaluationResult Result, IReadOnlyList<TraceStep> Steps);

/// <summary>What one step of an evaluation looked at.</summary>
public enum TraceStepKind
{
    /// <summary>Whether the flag is on.</summary>
    State,

    /// <summary>Another flag that must hold.</summary>
    Prerequisite,

    /// <summary>A list of individual targets.</summary>
    Target,

    /// <summary>A holdout.</summary>
    Holdout,

    /// <summary>A rule.</summary>
    Rule,

    /// <summary>What is served when nothing decided.</summary>
    Default,
}

/// <summary>One step of an evaluation.</summary>
/// <param name="Kind">What the step looked at.</param>
/// <param name="Subject">Key or id of what was looked at.</param>
/// <param name="Decided">True for the step whose outcome was served.</param>
/// <param name="Outcome">The outcome in words.</param>
public sealed record TraceStep(TraceStepKind Kind, string Subject, bool Decided, string Outcome)
{
    /// <summary>Index of the rule in the flag, for rules.</summary>
    public int? RuleIndex { get; init; }

    /// <summary>The condition with its parts, for rules that have one.</summary>
    public ConditionTrace? Condition { get; init; }

    /// <summary>The buckets that were computed, as fractions in [0, 1).</summary>
    public IReadOnlyList<BucketTrace> Buckets { get; init; } = [];

    /// <summary>The variant this step served, if it decided.</summary>
    public string? Variant { get; init; }
}

/// <summary>A bucket that was computed.</summary>
/// <param name="Purpose">What for: exposure, split, filter, layer or holdout.</param>
/// <param name="UnitAttribute">The attribute that named the unit.</param>
/// <param name="Unit">The unit; null if the attribute was missing.</param>
/// <param name="Fraction">The bucket as a fraction of the whole, in [0, 1); null without a unit.</param>
/// <param name="Passed">Whether the bucket was inside.</param>
public sealed record BucketTrace(string Purpose, string UnitAttribute, string? Unit, double? Fraction, bool Passed)
{
    /// <summary>Where the bucket had to be, in words such as <c>below 0.05</c>; null where the attribute was missing.</summary>
    public string? Wanted { get; init; }
}

/// <summary>One condition's outcome.</summary>
/// <param name="Question">The condition in words.</param>
/// <param name="Matched">Whether it held.</param>
public sealed record ConditionTrace(string Question, bool Matched)
{
    /// <summary>The attribute or flag that was read.</summary>
    public string? Attribute { get; init; }

    /// <summary>Its value, in words.</summary>
    public string? Actual { get; init; }

    /// <summary>More to know.</summary>
    public string? Detail { get; init; }

    /// <summary>The parts of a tree.</summary>
    public IReadOnlyList<ConditionTrace> Parts { get; init; } = [];
}
