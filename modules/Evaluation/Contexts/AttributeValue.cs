using System.Globalization;
using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>The kinds of value an attribute may have.</summary>
public enum AttributeKind : byte
{
    /// <summary>There is no such attribute.</summary>
    Missing,

    /// <summary>JSON null.</summary>
    Null,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>A double-precision number.</summary>
    Number,

    /// <summary>Text.</summary>
    String,

    /// <summary>A list of values.</summary>
    Array,

    /// <summary>Named values.</summary>
    Object,
}

/// <summary>One typed value of a context.</summary>
public readonly struct AttributeValue
{
    private static readonly object FailedMark = new();
    private readonly object? _reference;
    private readonly double _number;

    private AttributeValue(AttributeKind kind, object? reference, double number)
    {
        Kind = kind;
        _reference = reference;
        _number = number;
    }

    /// <summary>The value of an attribute that is not there.</summary>
    public static AttributeValue Missing => default;

    /// <summary>What an imported expression gives that can't be computed: missing to everyone else.</summary>
    internal static AttributeValue Failed => new(AttributeKind.Missing, FailedMark, 0);

    /// <summary>JSON null.</summary>
    public static AttributeValue Null => new(AttributeKind.Null, null, 0);

    /// <summary>The kind of value.</summary>
    public AttributeKind Kind { get; }

    /// <summary>True for a missing value and for null.</summary>
    public bool IsMissingOrNull => Kind <= AttributeKind.Null;

    internal bool IsFailed => Kind == AttributeKind.Missing && _reference is not null;

    internal bool Boolean => _number != 0;

    internal double Number => _number;

    internal string Text => (string)_reference!;

    internal AttributeValue[] Elements => (AttributeValue[])_reference!;

    internal AttributeObject Members => (AttributeObject)_reference!;

    /// <summary>The integer's own digits where a double can't hold them.</summary>
    internal string? ExactDigits => Kind == AttributeKind.Number ? (string?)_reference : null;

    /// <summary>A text value; null gives <see cref="Null"/>.</summary>
    /// <param name="value">The text.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(string? value) => value is null ? Null : new(AttributeKind.String, value, 0);

    /// <summary>A number.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(double value) => new(AttributeKind.Number, null, value);

    /// <summary>An integer; its digits are kept where a double can't hold them.</summary>
    /// <param name="value">The integer.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(long value) =>
        new(AttributeKind.Number, (long)(double)value == value ? null : value.ToString(CultureInfo.InvariantCulture), value);

    /// <summary>true or false.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(bool value) => new(AttributeKind.Boolean, null, value ? 1 : 0);

    /// <summary>A list.</summary>
    /// <param name="values">The elements.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(IEnumerable<AttributeValue> values) => new(AttributeKind.Array, values.ToArray(), 0);

    /// <summary>A list of texts.</summary>
    /// <param name="values">The elements.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(IEnumerable<string> values) => From(values.Select(From));

    /// <summary>Any JSON value.</summary>
    /// <param name="json">The JSON; it is copied, so its document may be disposed of.</param>
    /// <returns>The value.</returns>
    public static AttributeValue From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => From(json.GetString()),
        JsonValueKind.True => From(true),
        JsonValueKind.False => From(false),
        JsonValueKind.Number => FromNumber(json),
        JsonValueKind.Array => FromArray(json),
        JsonValueKind.Object => From(AttributeObject.From(json)),
        JsonValueKind.Null => Null,
        _ => Missing,
    };

    /// <summary>Writes the value as JSON; a missing value is written as null.</summary>
    /// <param name="writer">The writer.</param>
    public void WriteTo(Utf8JsonWriter writer)
    {
        switch (Kind)
        {
            case AttributeKind.String:
                writer.WriteStringValue(Text);
                break;
            case AttributeKind.Boolean:
                writer.WriteBooleanValue(Boolean);
                break;
            case AttributeKind.Number when ExactDigits is { } digits:
                writer.WriteRawValue(digits);
                break;
            case AttributeKind.Number when double.IsFinite(_number):
                writer.WriteNumberValue(_number);
                break;
            case AttributeKind.Array:
                writer.WriteStartArray();
                foreach (var element in Elements)
                    element.WriteTo(writer);
                writer.WriteEndArray();
                break;
            case AttributeKind.Object:
                Members.WriteTo(writer);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    /// <summary>The value in words: text as it is, everything else as JSON.</summary>
    /// <returns>The words.</returns>
    public override string ToString()
    {
        if (Kind == AttributeKind.String)
            return Text;
        if (Kind == AttributeKind.Missing)
            return "(missing)";
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    internal static AttributeValue FromDigits(string digits, double number) => new(AttributeKind.Number, digits, number);

    internal static AttributeValue From(AttributeObject members) => new(AttributeKind.Object, members, 0);

    private static AttributeValue FromNumber(JsonElement json)
    {
        if (json.TryGetInt64(out var integer))
            return From(integer);
        var number = json.GetDouble();
        var digits = json.GetRawText();
        var isInteger = digits.AsSpan().IndexOfAnyExceptInRange('0', '9') is -1 or 0 && !digits.AsSpan(1).ContainsAnyExceptInRange('0', '9');
        return new(AttributeKind.Number, isInteger && Math.Abs(number) > 1e15 ? digits : null, number);
    }

    private static AttributeValue FromArray(JsonElement json)
    {
        var elements = new AttributeValue[json.GetArrayLength()];
        var index = 0;
        foreach (var element in json.EnumerateArray())
            elements[index++] = From(element);
        return new(AttributeKind.Array, elements, 0);
    }
}
