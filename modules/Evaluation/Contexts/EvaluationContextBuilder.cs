using System.Globalization;
using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>Collects the attributes of one context. Not safe for concurrent use.</summary>
public sealed class EvaluationContextBuilder
{
    private readonly string? _targetingKey;
    private readonly List<string> _names = [];
    private readonly List<AttributeValue> _values = [];
    private ulong _randomSeed;
    private DateTimeOffset? _time;

    internal EvaluationContextBuilder(string? targetingKey) => _targetingKey = targetingKey;

    /// <summary>Sets an attribute; a later value replaces an earlier one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, AttributeValue value)
    {
        var at = _names.IndexOf(name);
        if (at >= 0)
        {
            _values[at] = value;
            return this;
        }

        _names.Add(name);
        _values.Add(value);
        return this;
    }

    /// <summary>Sets a text attribute.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The text.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, string? value) => With(name, AttributeValue.From(value));

    /// <summary>Sets a number attribute.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The number.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, double value) => With(name, AttributeValue.From(value));

    /// <summary>Sets an integer attribute.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The integer.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, long value) => With(name, AttributeValue.From(value));

    /// <summary>Sets a boolean attribute.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, bool value) => With(name, AttributeValue.From(value));

    /// <summary>Sets a moment, as ISO 8601 text in UTC.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The moment.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, DateTimeOffset value) =>
        With(name, AttributeValue.From(value.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)));

    /// <summary>Sets a list of texts.</summary>
    /// <param name="name">The name.</param>
    /// <param name="values">The texts.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, IEnumerable<string> values) => With(name, AttributeValue.From(values));

    /// <summary>Sets any JSON value.</summary>
    /// <param name="name">The name.</param>
    /// <param name="json">The value.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder With(string name, JsonElement json) => With(name, AttributeValue.From(json));

    /// <summary>Sets the random number for splits that are not sticky.</summary>
    /// <param name="seed">Any number but zero.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder WithRandomSeed(ulong seed)
    {
        _randomSeed = seed;
        return this;
    }

    /// <summary>Sets the moment of the evaluation.</summary>
    /// <param name="time">The moment.</param>
    /// <returns>This builder.</returns>
    public EvaluationContextBuilder At(DateTimeOffset time)
    {
        _time = time;
        return this;
    }

    /// <summary>Makes the context.</summary>
    /// <returns>The context; the builder may be used on.</returns>
    public EvaluationContext Build()
    {
        var targetingKey = _targetingKey;
        var at = _names.IndexOf(Attributes.TargetingKey);
        if (targetingKey is null && at >= 0 && _values[at].Kind == AttributeKind.String)
            targetingKey = _values[at].Text;
        return new EvaluationContext(targetingKey, new AttributeObject([.. _names], [.. _values]), _randomSeed, _time);
    }
}
