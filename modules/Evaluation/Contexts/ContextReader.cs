using System.Text;
using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>
/// Reads a context straight from UTF-8 JSON, in one pass and without a document in between. It gives what
/// <see cref="EvaluationContext.FromJson"/> gives for the same text.
/// </summary>
internal static class ContextReader
{
    /// <summary>Integers up to here are exact as doubles whatever their digits.</summary>
    private const double ExactlyCounted = 1e15;

    [ThreadStatic]
    private static MemberStack? _members;

    /// <summary>Reads the object the reader stands on; afterwards it stands on the object's end.</summary>
    internal static AttributeObject ReadObject(ref Utf8JsonReader json)
    {
        var members = _members ??= new MemberStack();
        var start = members.Count;
        try
        {
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var place = members.Push(AttributeNames.Of(ref json));
                json.Read();
                members.Set(place, ReadValue(ref json));
            }

            return members.Take(start);
        }
        catch
        {
            // Half an object is nobody's.
            _members = null;
            throw;
        }
    }

    private static AttributeValue ReadValue(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.String => AttributeValue.From(json.GetString()),
        JsonTokenType.True => AttributeValue.From(true),
        JsonTokenType.False => AttributeValue.From(false),
        JsonTokenType.Number => ReadNumber(ref json),
        JsonTokenType.StartArray => ReadArray(ref json),
        JsonTokenType.StartObject => AttributeValue.From(ReadObject(ref json)),
        _ => AttributeValue.Null,
    };

    private static AttributeValue ReadNumber(ref Utf8JsonReader json)
    {
        if (json.TryGetInt64(out var integer))
            return AttributeValue.From(integer);
        var number = json.GetDouble();
        var digits = json.ValueSpan;
        var isInteger = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is -1 or 0 && !digits[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9');
        return isInteger && Math.Abs(number) > ExactlyCounted ? AttributeValue.FromDigits(Encoding.ASCII.GetString(digits), number) : AttributeValue.From(number);
    }

    private static AttributeValue ReadArray(ref Utf8JsonReader json)
    {
        var elements = new List<AttributeValue>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            elements.Add(ReadValue(ref json));
        return AttributeValue.From(elements);
    }
}
