namespace Delivery.Evaluation;

/// <summary>The sizes a configuration or context may have. Larger ones are refused when written, by name.</summary>
public static class Limits
{
    /// <summary>Rules of one flag.</summary>
    public const int RulesPerFlag = 500;

    /// <summary>Variants of one flag.</summary>
    public const int VariantsPerFlag = 1_000;

    /// <summary>Individual targets of one flag, all variants together.</summary>
    public const int TargetedUnitsPerFlag = 100_000;

    /// <summary>Depth of a condition tree.</summary>
    public const int ConditionDepth = 32;

    /// <summary>Conditions in one rule or segment.</summary>
    public const int ConditionsPerTree = 10_000;

    /// <summary>Characters of a regular expression.</summary>
    public const int RegexLength = 1_000;

    /// <summary>Characters of text a regular expression is asked about; longer text does not match.</summary>
    public const int RegexInputLength = 32_768;

    /// <summary>Ids in one list of a segment.</summary>
    public const int UnitsPerSegment = 1_000_000;

    /// <summary>Characters of a unit's id in a segment's list.</summary>
    public const int UnitLength = 1_000;

    /// <summary>Bytes of a context in UTF-8 JSON.</summary>
    public const int ContextBytes = 1_048_576;

    /// <summary>Depth of a context's objects and arrays.</summary>
    public const int ContextDepth = 64;

    /// <summary>Characters of a key of a flag, variant, rule, segment, layer or holdout.</summary>
    public const int KeyLength = 200;

    /// <summary>Depth of chains of prerequisites and of nested segments.</summary>
    public const int DependencyDepth = 50;

    /// <summary>
    /// Segments and other flags one evaluation may ask about, repetitions counted; beyond it the evaluation is an error.
    /// </summary>
    public const int DependencyVisits = 10_000;
}
