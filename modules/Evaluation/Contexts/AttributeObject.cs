using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>Named values in the order they came; the last of equal names wins.</summary>
internal sealed class AttributeObject
{
    private const int LinearSearchLimit = 8;
    private static readonly AttributeValue[] Missing = [AttributeValue.Missing];
    private readonly string[] _names;
    private readonly AttributeValue[] _values;
    private readonly Dictionary<string, int>? _index;

    internal AttributeObject(string[] names, AttributeValue[] values)
    {
        _names = names;
        _values = values;
        if (names.Length <= LinearSearchLimit)
            return;
        _index = new Dictionary<string, int>(names.Length, StringComparer.Ordinal);
        for (var i = 0; i < names.Length; i++)
            _index[names[i]] = i;
    }

    internal static AttributeObject Empty { get; } = new([], []);

    internal ReadOnlySpan<string> Names => _names;

    internal ReadOnlySpan<AttributeValue> Values => _values;

    internal static AttributeObject From(JsonElement json)
    {
        var count = json.GetPropertyCount();
        var names = new string[count];
        var values = new AttributeValue[count];
        var index = 0;
        foreach (var member in json.EnumerateObject())
        {
            names[index] = member.Name;
            values[index++] = AttributeValue.From(member.Value);
        }

        return new AttributeObject(names, values);
    }

    internal bool TryGet(string name, out AttributeValue value)
    {
        value = Find(name);
        return value.Kind != AttributeKind.Missing;
    }

    /// <summary>The value in place: no copy on the way to a comparison.</summary>
    internal ref readonly AttributeValue Find(string name)
    {
        if (_index is not null)
            return ref _index.TryGetValue(name, out var at) ? ref _values[at] : ref Missing[0];
        var names = _names;
        for (var i = names.Length - 1; i >= 0; i--)
        {
            if (string.Equals(names[i], name))
                return ref _values[i];
        }

        return ref Missing[0];
    }

    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        for (var i = 0; i < _names.Length; i++)
        {
            writer.WritePropertyName(_names[i]);
            _values[i].WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
