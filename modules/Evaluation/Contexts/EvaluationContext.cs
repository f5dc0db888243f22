using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>
/// The attributes sent with an evaluation; <c>targetingKey</c> names the unit. Immutable: build it once per request and
/// evaluate any number of flags with it.
/// </summary>
public sealed class EvaluationContext
{
    private readonly AttributeObject _attributes;
    private readonly AttributeValue _targetingKey;

    /// <summary>A context with a unit and no other attribute.</summary>
    /// <param name="targetingKey">The unit's key. Null or empty: there is none.</param>
    public EvaluationContext(string? targetingKey)
        : this(targetingKey, AttributeObject.Empty, 0, null)
    {
    }

    internal EvaluationContext(string? targetingKey, AttributeObject attributes, ulong randomSeed, DateTimeOffset? time)
    {
        TargetingKey = string.IsNullOrEmpty(targetingKey) ? null : targetingKey;
        _attributes = attributes;
        _targetingKey = TargetingKey is null ? AttributeValue.Missing : AttributeValue.From(TargetingKey);
        RandomSeed = randomSeed;
        Time = time;
    }

    /// <summary>A context without a unit and without attributes.</summary>
    public static EvaluationContext Empty { get; } = new(null);

    /// <summary>The unit's key; null if there is none. Never an empty string.</summary>
    public string? TargetingKey { get; }

    /// <summary>
    /// A random number for splits that are not sticky (<see cref="Split.RandomUnit"/>). Zero: none, and such splits
    /// treat the unit as missing. The caller draws it, so the engine stays deterministic.
    /// </summary>
    public ulong RandomSeed { get; }

    /// <summary>The moment of the evaluation, for expressions that ask for it (flagd's <c>$flagd.timestamp</c>).</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>Names of the attributes, without the targeting key.</summary>
    public ReadOnlySpan<string> AttributeNames => _attributes.Names;

    internal AttributeObject Attributes => _attributes;

    /// <summary>Starts a context.</summary>
    /// <param name="targetingKey">The unit's key, or null.</param>
    /// <returns>A builder for one context.</returns>
    public static EvaluationContextBuilder For(string? targetingKey) => new(targetingKey);

    /// <summary>Reads a context from a JSON object as OFREP sends it.</summary>
    /// <param name="json">The object; <c>targetingKey</c> may be missing.</param>
    /// <param name="randomSeed">As <see cref="RandomSeed"/>.</param>
    /// <param name="time">As <see cref="Time"/>.</param>
    /// <returns>The context.</returns>
    /// <exception cref="FormatException">
    /// The JSON is not an object, or its <c>targetingKey</c> is not text; the message says what is accepted.
    /// </exception>
    public static EvaluationContext FromJson(JsonElement json, ulong randomSeed = 0, DateTimeOffset? time = null)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException("context is a JSON object.");
        return Of(AttributeObject.From(json), randomSeed, time);
    }

    /// <summary>Reads a context from the JSON object that the reader stands on, as OFREP sends it.</summary>
    /// <param name="json">A reader over one block of memory, on the object's start; afterwards on its end.</param>
    /// <param name="randomSeed">As <see cref="RandomSeed"/>.</param>
    /// <param name="time">As <see cref="Time"/>.</param>
    /// <returns>The context; the same as <see cref="FromJson"/> gives.</returns>
    /// <exception cref="FormatException">Its <c>targetingKey</c> is not text.</exception>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public static EvaluationContext Read(ref Utf8JsonReader json, ulong randomSeed = 0, DateTimeOffset? time = null) =>
        Of(ContextReader.ReadObject(ref json), randomSeed, time);

    private static EvaluationContext Of(AttributeObject attributes, ulong randomSeed, DateTimeOffset? time)
    {
        string? targetingKey = null;
        if (attributes.TryGet(Evaluation.Attributes.TargetingKey, out var key) && key.Kind != AttributeKind.Null)
        {
            targetingKey = key.Kind == AttributeKind.String
                ? key.Text
                : throw new FormatException("context.targetingKey is a string.");
        }

        return new EvaluationContext(targetingKey, attributes, randomSeed, time);
    }

    /// <summary>Looks an attribute up by its exact name.</summary>
    /// <param name="name">The name; <c>targetingKey</c> is one, too.</param>
    /// <param name="value">The value.</param>
    /// <returns>False if there is no such attribute.</returns>
    public bool TryGet(string name, out AttributeValue value)
    {
        value = Find(name);
        return value.Kind != AttributeKind.Missing;
    }

    internal ref readonly AttributeValue Find(string name)
    {
        ref readonly var value = ref _attributes.Find(name);
        if (value.Kind == AttributeKind.Missing && name == Evaluation.Attributes.TargetingKey)
            return ref _targetingKey;
        return ref value;
    }
}
