using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>Why a variant was served, in OpenFeature's words.</summary>
[JsonConverter(typeof(UpperCaseEnumConverter<EvaluationReason>))]
public enum EvaluationReason : byte
{
    /// <summary>The flag serves one variant to everyone (<c>STATIC</c>).</summary>
    Static,

    /// <summary>A rule or an individual target matched (<c>TARGETING_MATCH</c>).</summary>
    TargetingMatch,

    /// <summary>A bucket decided: a split or a holdout (<c>SPLIT</c>).</summary>
    Split,

    /// <summary>The flag is disabled or killed (<c>DISABLED</c>).</summary>
    Disabled,

    /// <summary>No rule decided, or a prerequisite failed (<c>DEFAULT</c>).</summary>
    Default,

    /// <summary>The evaluation failed: see the error code (<c>ERROR</c>).</summary>
    Error,
}

/// <summary>What went wrong, in OpenFeature's error codes.</summary>
[JsonConverter(typeof(UpperCaseEnumConverter<EvaluationError>))]
public enum EvaluationError : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>No such flag, or it is archived (<c>FLAG_NOT_FOUND</c>).</summary>
    FlagNotFound,

    /// <summary>The caller asked for another type than the flag's (<c>TYPE_MISMATCH</c>).</summary>
    TypeMismatch,

    /// <summary>Something needed the targeting key and it was missing (<c>TARGETING_KEY_MISSING</c>).</summary>
    TargetingKeyMissing,

    /// <summary>The context breaks a limit or can't be read (<c>INVALID_CONTEXT</c>).</summary>
    InvalidContext,

    /// <summary>The request can't be read (<c>PARSE_ERROR</c>).</summary>
    ParseError,

    /// <summary>Anything else (<c>GENERAL</c>).</summary>
    General,
}
