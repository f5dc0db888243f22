using System.ComponentModel.DataAnnotations;

namespace Delivery.Exposures.Privacy;

/// <summary>What hashing attributes needs. Section <c>Exposures:Privacy</c>.</summary>
internal sealed class PrivacyOptions : IValidatableObject
{
    public const string Section = "Exposures:Privacy";

    private const int ShortestKey = 32;

    /// <summary>
    /// The secret that attributes are hashed with (HMAC-SHA-256), 32 bytes or more in base64. It is in no event, log or answer. Without it
    /// nothing can be hashed, and what was set to be is left out. Changed, the same value hashes to something else from then on.
    /// </summary>
    public string? HashKey { get; set; }

    /// <summary>The secret's bytes, or null.</summary>
    public byte[]? HashKeyBytes => TryDecode(HashKey);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HashKey is not null && TryDecode(HashKey) is not { Length: >= ShortestKey })
            yield return new ValidationResult($"{Section}:{nameof(HashKey)} is {ShortestKey} bytes or more in base64.", [nameof(HashKey)]);
    }

    private static byte[]? TryDecode(string? text)
    {
        var bytes = new byte[text?.Length ?? 0];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
