using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>
/// The ruleset's JSON: camelCase, source generated, in a stable order; unknown members are ignored and null is left out.
/// </summary>
/// <remarks>
/// The model's own converters carry the shapes, so any <see cref="JsonSerializerOptions"/> with camelCase names reads and
/// writes the same JSON.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    PropertyNameCaseInsensitive = false,
    MaxDepth = 256)]
[JsonSerializable(typeof(Ruleset))]
[JsonSerializable(typeof(FlagDefinition))]
[JsonSerializable(typeof(Segment))]
[JsonSerializable(typeof(Layer))]
[JsonSerializable(typeof(Holdout))]
[JsonSerializable(typeof(Rule))]
[JsonSerializable(typeof(Condition))]
[JsonSerializable(typeof(Split))]
[JsonSerializable(typeof(Serve))]
public sealed partial class RulesetJson : JsonSerializerContext
{
    /// <summary>Writes a ruleset as UTF-8 JSON.</summary>
    /// <param name="ruleset">The ruleset.</param>
    /// <returns>The bytes; equal rulesets give equal bytes.</returns>
    public static byte[] Write(Ruleset ruleset) => JsonSerializer.SerializeToUtf8Bytes(ruleset, Default.Ruleset);

    /// <summary>Reads a ruleset from UTF-8 JSON.</summary>
    /// <param name="utf8Json">The bytes.</param>
    /// <returns>The ruleset.</returns>
    /// <exception cref="JsonException">The bytes are not a ruleset; the message names the path.</exception>
    public static Ruleset Read(ReadOnlySpan<byte> utf8Json) =>
        JsonSerializer.Deserialize(utf8Json, Default.Ruleset) ?? throw new JsonException("A ruleset is an object, not null.");
}
