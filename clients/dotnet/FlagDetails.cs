using Delivery.Evaluation;

namespace Delivery.Client;

/// <summary>A flag's value with everything that led to it. A value type: it costs no allocation.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="Value">The value to use; the caller's default where <paramref name="Error"/> says why.</param>
/// <param name="Variant">Key of the variant served; null on an error.</param>
/// <param name="Reason">Why, in OpenFeature's words.</param>
/// <param name="Error">What went wrong; <see cref="FlagError.None"/> if nothing did.</param>
/// <param name="ErrorDetails">The error in words.</param>
/// <param name="Why">The finer why: rule, bucket, holdout, prerequisite.</param>
/// <param name="FlagVersion">Version of the flag that was evaluated; 0 for an unknown one.</param>
/// <param name="Sequence">Configuration sequence that was evaluated; 0 without a ruleset.</param>
/// <param name="Stale">True while the client is not connected, so that a newer configuration may exist.</param>
public readonly record struct FlagDetails<T>(
    T Value,
    string? Variant,
    EvaluationReason Reason,
    FlagError Error,
    string? ErrorDetails,
    Why Why,
    long FlagVersion,
    long Sequence,
    bool Stale);

/// <summary>Why the caller's default value was given, in OpenFeature's error codes.</summary>
public enum FlagError
{
    /// <summary>Nothing went wrong.</summary>
    None,

    /// <summary>There is no ruleset yet: neither from the server nor on disk (<c>PROVIDER_NOT_READY</c>).</summary>
    NotReady,

    /// <summary>No such flag, or it is archived (<c>FLAG_NOT_FOUND</c>).</summary>
    FlagNotFound,

    /// <summary>The flag is of another type than was asked for (<c>TYPE_MISMATCH</c>).</summary>
    TypeMismatch,

    /// <summary>The flag needs a targeting key and the context has none (<c>TARGETING_KEY_MISSING</c>).</summary>
    TargetingKeyMissing,

    /// <summary>The context can't be used (<c>INVALID_CONTEXT</c>).</summary>
    InvalidContext,

    /// <summary>Anything else; the details say what (<c>GENERAL</c>).</summary>
    General,
}
