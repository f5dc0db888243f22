using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>What an evaluation gave, and why. A value type: it costs no allocation.</summary>
public readonly struct EvaluationResult
{
    private readonly FlagPlan? _flag;
    private readonly VariantPlan? _variant;
    private readonly string? _subject;
    private readonly ulong _bucket;
    private readonly short _ruleIndex;
    private readonly short _skippedRuleIndex;
    private readonly FallThrough _fallThrough;
    private readonly WhyKind _whyKind;

    internal EvaluationResult(FlagPlan flag, VariantPlan variant, EvaluationReason reason, in Decision decision, long sequence)
    {
        _flag = flag;
        _variant = variant;
        _subject = decision.Subject;
        _bucket = decision.Bucket;
        _ruleIndex = decision.RuleIndex;
        _skippedRuleIndex = decision.SkippedRuleIndex;
        _fallThrough = decision.FallThrough;
        _whyKind = decision.Kind;
        Reason = reason;
        Sequence = sequence;
    }

    /// <summary>A result that no context changes.</summary>
    internal EvaluationResult(FlagPlan flag, VariantPlan variant, EvaluationReason reason, WhyKind kind, long sequence)
    {
        _flag = flag;
        _variant = variant;
        _ruleIndex = -1;
        _skippedRuleIndex = -1;
        _whyKind = kind;
        Reason = reason;
        Sequence = sequence;
    }

    internal EvaluationResult(FlagPlan? flag, EvaluationError error, string details, long sequence)
    {
        _flag = flag;
        _subject = details;
        _ruleIndex = -1;
        _skippedRuleIndex = -1;
        Reason = EvaluationReason.Error;
        ErrorCode = error;
        Sequence = sequence;
    }

    /// <summary>Key of the variant served; null on an error.</summary>
    public string? VariantKey => _variant?.Key;

    /// <summary>Why, in OpenFeature's words.</summary>
    public EvaluationReason Reason { get; }

    /// <summary>What went wrong; <see cref="EvaluationError.None"/> unless the reason is an error.</summary>
    public EvaluationError ErrorCode { get; }

    /// <summary>The error in words; null unless the reason is an error.</summary>
    public string? ErrorDetails => Reason == EvaluationReason.Error ? _subject : null;

    /// <summary>True if there is a value to use.</summary>
    public bool HasValue => _variant is not null;

    /// <summary>The flag's type.</summary>
    public FlagType Type => _flag?.Type ?? default;

    /// <summary>The value as JSON; undefined on an error.</summary>
    public JsonElement Value => _variant is null ? default : _variant.Value;

    /// <summary>Version of the flag's event stream that was evaluated; 0 for an unknown flag.</summary>
    public long FlagVersion => _flag?.Version ?? 0;

    /// <summary>Global configuration sequence of the snapshot that was evaluated.</summary>
    public long Sequence { get; }

    /// <summary>The finer why.</summary>
    public Why Why => new(_whyKind, _ruleIndex, RuleId(_ruleIndex), HasBucket ? Fraction() : null,
        ErrorCode == EvaluationError.None ? _subject : null, _fallThrough, _skippedRuleIndex, RuleId(_skippedRuleIndex));

    private bool HasBucket => _whyKind is WhyKind.RuleSplit or WhyKind.DefaultSplit or WhyKind.Holdout;

    /// <summary>The value of a boolean flag.</summary>
    /// <param name="fallback">What to give where the evaluation failed or the flag is of another type.</param>
    /// <returns>The value.</returns>
    public bool AsBoolean(bool fallback) =>
        _variant is { Kind: JsonValueKind.True or JsonValueKind.False } variant ? variant.Boolean : fallback;

    /// <summary>The value of a string flag.</summary>
    /// <param name="fallback">What to give where the evaluation failed or the flag is of another type.</param>
    /// <returns>The value.</returns>
    public string AsString(string fallback) => _variant?.Text ?? fallback;

    /// <summary>The value of a number flag.</summary>
    /// <param name="fallback">What to give where the evaluation failed or the flag is of another type.</param>
    /// <returns>The value.</returns>
    public double AsNumber(double fallback) =>
        _variant is { Kind: JsonValueKind.Number } variant ? variant.Number : fallback;

    private string? RuleId(short index) => index >= 0 && _flag is not null ? _flag.Rules[index].Id : null;

    private double Fraction() => _whyKind switch
    {
        WhyKind.RuleSplit => _flag!.Rules[_ruleIndex].Split!.Fraction(_bucket),
        WhyKind.DefaultSplit => _flag!.DefaultSplit!.Fraction(_bucket),
        _ => _bucket / 18446744073709551616d,
    };
}
